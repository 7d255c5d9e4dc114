"""Who is suspended: rows in and out, in the caller's transaction. What follows from one is `bot.permissions`'s."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import SuspensionRow


async def in_force(session: AsyncSession) -> Sequence[SuspensionRow]:
    """Those that have not ended, oldest first."""
    return (
        await session.scalars(
            select(SuspensionRow).where(SuspensionRow.ended_at.is_(None)).order_by(SuspensionRow.id)
        )
    ).all()


async def of(session: AsyncSession, person_id: int) -> SuspensionRow | None:
    """The one that a person is under."""
    return await session.scalar(
        select(SuspensionRow)
        .where(SuspensionRow.person_id == person_id, SuspensionRow.ended_at.is_(None))
        .limit(1)
    )
