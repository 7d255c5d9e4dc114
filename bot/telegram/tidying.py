"""Removing what nobody asks for any more, so that the database stays small."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import newcomers
from bot.store.tables import ActionRow, OutgoingRow, UpdateRow

UPDATES = timedelta(days=2)
"""Telegram keeps updates for a day: an older one does not come twice."""
MESSAGES = timedelta(days=30)
ACTIONS = timedelta(days=30)
"""How long an expired button is still known as such."""


async def tidy(session: AsyncSession, now: datetime) -> None:
    """Delete rows that are done with and old."""
    await session.execute(delete(UpdateRow).where(UpdateRow.done_at < now - UPDATES))
    await session.execute(
        delete(OutgoingRow).where(OutgoingRow.state != "waiting", OutgoingRow.created_at < now - MESSAGES)
    )
    await session.execute(delete(ActionRow).where(ActionRow.expires_at < now - ACTIONS))
    await newcomers.forget(session, now)
