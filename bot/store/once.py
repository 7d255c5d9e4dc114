"""What happens once: remembered in the transaction of its effect, and forgotten when nobody can ask for it again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.inserting import insert
from bot.store.tables import OnceRow

KEPT = timedelta(days=30)
"""Git hosts let people send a call again for some days; one that comes later deploys nothing by itself."""


async def first(session: AsyncSession, keys: Sequence[str], at: datetime) -> bool:
    """Whether none of these has happened yet; from the end of the caller's transaction on they have."""
    await session.execute(delete(OnceRow).where(OnceRow.at < at - KEPT))
    is_first = True
    for key in sorted(keys):  # in one order: two that come at once must not wait for each other
        statement = insert(session, OnceRow).values(key=key, at=at).on_conflict_do_nothing()
        result = await session.execute(statement)
        assert isinstance(result, CursorResult)
        is_first = is_first and result.rowcount == 1
    return is_first


async def has_happened(session: AsyncSession, key: str) -> bool:
    """Whether it has."""
    return await session.get(OnceRow, key) is not None
