"""The outbox's rows: what waits to be sent over a restart."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.store.tables import OutgoingRow
from bot.telegram.messages import ChatTarget, Message, Sent, Urgency

LONGEST_PAUSE = 15.0
"""Seconds between tries to write into a store that can't be written."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored request: send `message`, or edit `edits` to it."""

    row_id: int
    to: ChatTarget
    message: Message
    urgency: Urgency
    edits: int | None
    reply_to: int | None
    sound: bool


def store(
    session: AsyncSession,
    to: ChatTarget,
    message: Message,
    *,
    at: datetime,
    key: str | None,
    urgency: Urgency,
    edits: int | None,
    reply_to: int | None,
    sound: bool,
) -> OutgoingRow:
    """Add a row to the caller's transaction."""
    row = OutgoingRow(
        key=key,
        chat_id=to.chat_id,
        topic=to.topic,
        message={"content": message.to_row(), "edits": edits, "reply_to": reply_to, "sound": sound},
        urgency=int(urgency),
        created_at=at,
        state="waiting",
    )
    session.add(row)
    return row


async def waiting(session: AsyncSession, known: set[int]) -> list[Waiting]:
    """The rows that wait and are not among the `known`, in the order they were written."""
    rows = await session.scalars(
        select(OutgoingRow).where(OutgoingRow.state == "waiting").order_by(OutgoingRow.id)
    )
    return [_read(row) for row in rows if row.id not in known]


async def by_key(session: AsyncSession, key: str) -> OutgoingRow | None:
    """The row of an earlier request for the same message."""
    return (await session.scalars(select(OutgoingRow).where(OutgoingRow.key == key))).one_or_none()


async def close(session: AsyncSession, rows: list[int], *, sent: Sent | None, error: str | None) -> None:
    """These rows are done with: sent, or refused for good."""
    await session.execute(
        update(OutgoingRow)
        .where(OutgoingRow.id.in_(rows))
        .values(
            state="sent" if sent is not None else "failed",
            message_id=sent.message_id if sent is not None else None,
            error=error,
        )
    )


async def until_stored(write: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Try to write until the store takes it: a full disk is made room on, a lock ends."""
    pause = 1.0
    while True:
        await clock.sleep(pause)
        try:
            await write()
            return
        except Exception:
            log.exception("the store can't be written: trying again")
        pause = min(pause * 2, LONGEST_PAUSE)


def sent_of(row: OutgoingRow) -> Sent | None:
    """Where a row's message ended up, if it did."""
    return Sent(row.chat_id, row.message_id, row.topic) if row.message_id is not None else None


def _read(row: OutgoingRow) -> Waiting:
    stored = row.message
    return Waiting(
        row.id,
        ChatTarget(row.chat_id, row.topic),
        Message.from_row(stored["content"]),
        Urgency(row.urgency),
        stored["edits"],
        stored["reply_to"],
        stored["sound"],
    )
