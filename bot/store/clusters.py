"""Which cluster each name of the configuration stands for: the UID that was first seen, or that a person accepted."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.inserting import insert
from bot.store.tables import ClusterRow


async def pinned(session: AsyncSession) -> dict[str, str]:
    """All UIDs by the clusters' names."""
    return {row.name: row.uid for row in await session.scalars(select(ClusterRow))}


async def pin(session: AsyncSession, name: str, uid: str, at: datetime) -> str:
    """Pin a cluster that is seen for the first time; the UID that it is pinned to, which may be an older one."""
    await session.execute(
        insert(session, ClusterRow).values(name=name, uid=uid, at=at).on_conflict_do_nothing()
    )
    return (await session.get_one(ClusterRow, name)).uid


async def accept(session: AsyncSession, name: str, uid: str, at: datetime) -> None:
    """From now on the name stands for this cluster."""
    await session.merge(ClusterRow(name=name, uid=uid, at=at))
