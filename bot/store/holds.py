"""What keeps changes back: named locks on apps and environments, and the standstill of everything.

Rows in and out, in the caller's transaction; whom they keep back is decided in bot.operations.holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import LockRow, StandstillRow


@dataclass(frozen=True)
class Lock:
    """One person's hold on an app in an environment, or on the whole environment where `app` is ""."""

    environment: str
    app: str
    reason: str
    holder_id: int
    holder: str
    since: datetime
    until: datetime | None
    """When it ends by itself; None: not before somebody ends it."""
    chat_id: int
    topic: int | None
    message_id: int
    """The message that asked for it: whoever takes the lock answers there."""

    @property
    def place(self) -> str:
        """What is locked, in words."""
        return f"{self.app} in {self.environment}" if self.app else self.environment


@dataclass(frozen=True)
class Standstill:
    """Nothing new starts anywhere."""

    reason: str
    by_id: int
    by: str
    since: datetime


async def locks(session: AsyncSession, now: datetime) -> Sequence[Lock]:
    """The locks in force, those of whole environments first; one whose time is over is none."""
    rows = await session.scalars(select(LockRow).order_by(LockRow.environment, LockRow.app))
    return [_lock(row) for row in rows if row.until is None or row.until > now]


async def keep_lock(session: AsyncSession, lock: Lock) -> None:
    """Store a lock; it takes the place of one on the same app or environment."""
    await session.merge(LockRow(**vars(lock)))


async def end_lock(session: AsyncSession, lock: Lock) -> None:
    """Remove a lock."""
    await session.execute(
        delete(LockRow).where(LockRow.environment == lock.environment, LockRow.app == lock.app)
    )


async def standstill(session: AsyncSession) -> Standstill | None:
    """The standstill in force, if there is one."""
    row = await session.scalar(select(StandstillRow))
    return Standstill(row.reason, row.by_id, row.by, row.since) if row is not None else None


async def begin_standstill(session: AsyncSession, begun: Standstill) -> None:
    """Store a standstill; a later one takes the place of the one before it."""
    await session.merge(StandstillRow(id=1, **vars(begun)))


async def end_standstill(session: AsyncSession) -> None:
    """Let operations start again."""
    await session.execute(delete(StandstillRow))


def _lock(row: LockRow) -> Lock:
    return Lock(**{name: getattr(row, name) for name in Lock.__dataclass_fields__})
