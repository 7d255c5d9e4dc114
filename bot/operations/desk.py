"""The desk: where operations are handed in, looked up and stopped. The engine does the rest."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.operations import holds
from bot.operations.engine import Engine
from bot.operations.errors import Busy, Spent, Suspended
from bot.operations.frozen import Frozen
from bot.operations.operation import Arguments, Author
from bot.store import audit, suspensions
from bot.store.database import Database
from bot.store.tables import OPEN, OperationRow
from bot.store.vault import Vault

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letters or digits that are mistaken for each other when read aloud."""


@dataclass(frozen=True)
class Order:
    """An operation to be: what, on what, for whom, and the message that will show it."""

    kind: str
    subject: str
    app: str
    environment: str
    version: str
    arguments: Arguments
    author: Author
    chat_id: int | None = None
    topic: int | None = None
    message_id: int | None = None
    reply_to: int | None = None
    priority: int = 0
    shouts: bool = False
    quotes: bool = False
    """Whether its message may quote pods: what is posted stays in Telegram's cloud."""
    frozen: Mapping[str, bytes] = field(default_factory=dict, repr=False)


class Desk:
    """Hands operations to the engine."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, engine: Engine) -> None:
        self._database = database
        self._frozen = Frozen(database, vault)
        self._clock = clock
        self._engine = engine

    async def submit(
        self,
        order: Order,
        *,
        wait: bool = False,
        stops: str | None = None,
        spend: Callable[[AsyncSession], Awaitable[bool]] | None = None,
    ) -> str:
        """Store the operation with all that was confirmed and its audit entry; return its id.

        `spend` uses up what asked for it in the same transaction, so that a second press, or the same one after a
        crash, starts nothing again.
        `stops` is an operation that is marked to be stopped with it; then call `stop_now`.
        Raises: Busy when another operation has the subject and `wait` is false, Spent when `spend` says no, Held
        when a lock or the standstill keeps the author back, Suspended when the author was suspended meanwhile.
        """
        operation_id = "".join(secrets.choice(_ALPHABET) for _ in range(6))
        now = self._clock.now()
        async with self._database.write() as session:
            if spend is not None and not await spend(session):
                raise Spent("That was pressed already")
            if await suspensions.of(session, order.author.id) is not None:
                raise Suspended(f"{order.author.name} is suspended")
            if order.kind not in holds.WAITING:
                await holds.check(session, self._clock, order.author.id, order.app, order.environment)
            holder = await self._holder(session, order.subject)
            if holder is not None and not wait:
                raise _busy(holder)
            if stops is not None:
                await self._mark_stopped(session, stops, order.author)
            session.add(_row(operation_id, order, now))
            await session.flush()
            self._frozen.keep(session, operation_id, order.frozen)
            detail = f"{order.version} operation {operation_id}".strip()
            await audit.record(session, _entry(order, order.author, order.kind, now, detail))
        self._engine.wake()
        return operation_id

    async def stop_queued(self, session: AsyncSession, author_id: int, by: Author) -> None:
        """Stop what somebody handed in and what has not begun, in the caller's transaction; then `wake`."""
        mine = OperationRow.author_id == author_id
        for row in await session.scalars(select(OperationRow).where(mine, OperationRow.state == "queued")):
            await self._mark(session, row, by)

    async def _mark_stopped(
        self, session: AsyncSession, operation_id: str, by: Author, *, leaves: bool = False
    ) -> bool:
        """Mark an operation to be stopped, and write down who decided that; False where there is nothing to stop."""
        row = await session.get(OperationRow, operation_id, with_for_update=True)
        if row is None or row.state not in ("queued", "running"):
            return False
        await self._mark(session, row, by, leaves=leaves)
        return True

    async def _mark(
        self, session: AsyncSession, row: OperationRow, by: Author, *, leaves: bool = False
    ) -> None:
        row.state = "cancelling"
        row.view = {**row.view, "cancelling": True, "stopped_by": by.name, "leaves": leaves}
        await audit.record(session, _entry(row, by, "cancel", self._clock.now(), f"operation {row.id}"))

    def stop_now(self, operation_id: str, by: Author) -> None:
        """Interrupt an operation that was marked to be stopped."""
        self._engine.stop_now(operation_id, by.name)

    def wake(self) -> None:
        """Have the engine look at what was changed in a transaction of the caller's."""
        self._engine.wake()

    async def holder(self, subject: str) -> Busy | None:
        """Who has the subject now, or is first in its queue; whoever waits for it has nothing yet."""
        async with self._database.read() as session:
            row = await self._holder(session, subject)
            return _busy(row) if row is not None else None

    async def find(self, operation_id: str) -> OperationRow | None:
        """One operation."""
        async with self._database.read() as session:
            return await session.get(OperationRow, operation_id)

    async def recent(self, limit: int = 10) -> Sequence[OperationRow]:
        """Open operations first, then the newest ended ones; that somebody wants to be called is none of them."""
        async with self._database.read() as session:
            newest = (
                select(OperationRow)
                .where(OperationRow.kind != "call")
                .order_by(OperationRow.created_at.desc())
            )
            found = list(await session.scalars(newest.where(OperationRow.state.in_(OPEN)).limit(limit)))
            ended = newest.where(OperationRow.state == "ended").limit(limit - len(found))
            return [*found, *await session.scalars(ended)] if len(found) < limit else found

    async def begun(self) -> list[OperationRow]:
        """What is running or stopping now, the oldest first; whoever waits is not."""
        async with self._database.read() as session:
            query = select(OperationRow).where(OperationRow.state.in_(("running", "cancelling")))
            query = query.where(OperationRow.kind.not_in(holds.WAITING)).order_by(OperationRow.created_at)
            return list(await session.scalars(query))

    async def cancel(self, operation_id: str, by: Author, *, leaves: bool = False) -> bool:
        """Stop an operation, with `leaves` leave what there is; False when it had ended or was stopping already."""
        async with self._database.write() as session:
            stopped = await self._mark_stopped(session, operation_id, by, leaves=leaves)
        if stopped:
            self._engine.stop_now(operation_id, by.name, leaves=leaves)
        return stopped

    def let_wait(self, operation_id: str, by: Author) -> bool:
        """Let a held rollout wait; False when it is not held any more."""
        return self._engine.let_wait(operation_id, by.name)

    async def _holder(self, session: AsyncSession, subject: str) -> OperationRow | None:
        return await session.scalar(
            select(OperationRow)
            .where(OperationRow.subject == subject, OperationRow.state.in_(OPEN))
            .where(OperationRow.kind.not_in(holds.WAITING))
            .order_by(OperationRow.created_at)
            .limit(1)
        )


def _row(operation_id: str, order: Order, now: datetime) -> OperationRow:
    return OperationRow(
        id=operation_id,
        kind=order.kind,
        subject=order.subject,
        arguments=order.arguments.model_dump(mode="json"),
        app=order.app,
        environment=order.environment or None,
        version=order.version,
        state="queued",
        priority=order.priority,
        author_id=order.author.id,
        author_name=order.author.name,
        chat_id=order.chat_id,
        topic=order.topic,
        message_id=order.message_id,
        reply_to=order.reply_to,
        created_at=now,
        view={"shouts": order.shouts, "quotes": order.quotes},
    )


def _entry(of: Order | OperationRow, by: Author, action: str, now: datetime, detail: str) -> audit.Entry:
    return audit.Entry(
        at=now,
        actor_id=by.id,
        actor=by.name,
        action=action,
        outcome="started",
        app=of.app,
        environment=of.environment,
        chat_id=of.chat_id,
        detail=detail,
    )


def _busy(holder: OperationRow) -> Busy:
    return Busy(holder.id, holder.author_name, f"{holder.kind} of {holder.version or holder.app}")
