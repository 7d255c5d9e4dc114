"""The audit trail: who did what, or was refused, as a hash chain that shows if a row was changed or removed.

Rows cut off at the end leave no gap in a chain: whoever fears that keeps the newest hash elsewhere.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.fitting import storable
from bot.store.tables import AuditRow

FIRST = "0" * 64
"""What the first row names as the hash before it."""
AT_ONCE = 50
"""Rows that are read between two turns of the event loop."""


@dataclass(frozen=True)
class Entry:
    """One decision: `action` is a permission or an operation's kind, `outcome` a word such as asked or refused."""

    at: datetime
    actor_id: int
    actor: str
    action: str
    outcome: str
    app: str | None = None
    environment: str | None = None
    chat_id: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Filter:
    """Which entries somebody wants to see; None: whatever it is."""

    app: str | None = None
    environment: str | None = None
    since: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same, for a query."""
        named = {AuditRow.app: self.app, AuditRow.environment: self.environment}
        found = [column == name for column, name in named.items() if name is not None]
        return [*found, AuditRow.at >= self.since] if self.since is not None else found


@dataclass(frozen=True)
class Chain:
    """What became of the whole trail: how many entries it has, and the first that does not fit."""

    entries: int
    broken_at: int | None
    newest: str
    """The newest hash: who keeps it elsewhere notices when entries are cut off at the end."""


async def record(session: AsyncSession, entry: Entry) -> None:
    """Append to the trail in the caller's transaction: the decision and its record stand or fall together."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        await session.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    entry = _storable(entry)
    last = await session.scalar(select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1))
    session.add(AuditRow(**entry.__dict__, hash=_hash(last or FIRST, entry)))
    await session.flush()


async def verify(session: AsyncSession) -> int | None:
    """The id of the first row that does not fit the chain, or None when all do."""
    return (await chain(session)).broken_at


async def chain(session: AsyncSession) -> Chain:
    """Follow the chain from its first row."""
    before, entries = FIRST, 0
    query = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=AT_ONCE)
    async for row in await session.stream_scalars(query):
        entries += 1
        before = _hash(before, _entry(row))
        if row.hash != before:
            newest = await session.scalar(select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1))
            total = await count(session, Filter())
            return Chain(total, row.id, newest or FIRST)
    return Chain(entries, None, before)


async def count(session: AsyncSession, wanted: Filter) -> int:
    """How many entries there are of that sort."""
    query = select(func.count()).select_from(AuditRow).where(*wanted.conditions())
    return await session.scalar(query) or 0


async def page(session: AsyncSession, wanted: Filter, *, skip: int, most: int) -> Sequence[AuditRow]:
    """Some entries, newest first."""
    query = select(AuditRow).where(*wanted.conditions()).order_by(AuditRow.id.desc())
    return (await session.scalars(query.offset(skip).limit(most))).all()


async def exported(session: AsyncSession, wanted: Filter, *, most: int) -> AsyncIterator[str]:
    """Entries as JSON Lines, oldest first; of more than `most`, the newest.

    Each has the hash that its row has in the trail, so that the whole trail can be checked without the database.
    """
    skip = max(0, await count(session, wanted) - most)
    query = select(AuditRow).where(*wanted.conditions()).order_by(AuditRow.id).offset(skip)
    async for row in await session.stream_scalars(query.execution_options(yield_per=AT_ONCE)):
        fields = {"id": row.id, **_entry(row).__dict__, "at": row.at.isoformat(), "hash": row.hash}
        yield json.dumps(fields, ensure_ascii=False)


def _entry(row: AuditRow) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})


def _storable(entry: Entry) -> Entry:
    """The entry as it can be read back: times in UTC, and text without what a database refuses."""
    texts = {name: storable(value) for name, value in entry.__dict__.items() if isinstance(value, str)}
    changes: dict[str, Any] = {**texts, "at": entry.at.astimezone(UTC)}
    return replace(entry, **changes)


def _hash(before: str, entry: Entry) -> str:
    fields = {**entry.__dict__, "at": entry.at.isoformat(), "before": before}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
