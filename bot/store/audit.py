"""The audit trail: who did what, or was refused, as a hash chain that shows if a row was changed or removed.

Rows cut off at the end leave no gap in a chain: whoever fears that keeps the newest hash elsewhere.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.fitting import storable
from bot.store.tables import AuditRow

FIRST = "0" * 64
"""What the first row names as the hash before it."""


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
    before = FIRST
    async for row in await session.stream_scalars(select(AuditRow).order_by(AuditRow.id)):
        entry = Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})
        before = _hash(before, entry)
        if row.hash != before:
            return row.id
    return None


def _storable(entry: Entry) -> Entry:
    """The entry as it can be read back: times in UTC, and text without what a database refuses."""
    texts = {name: storable(value) for name, value in entry.__dict__.items() if isinstance(value, str)}
    changes: dict[str, Any] = {**texts, "at": entry.at.astimezone(UTC)}
    return replace(entry, **changes)


def _hash(before: str, entry: Entry) -> str:
    fields = {**entry.__dict__, "at": entry.at.isoformat(), "before": before}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
