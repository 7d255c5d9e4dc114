"""Who was met with silence lately, so that an admin can let them in.

Strangers choose their names, how often they write and from how many accounts: what is kept of them is bounded in
size and age, and one chat's crowd never pushes out who wrote elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.fitting import storable
from bot.store.inserting import insert
from bot.store.tables import NewcomerRow

KEPT = timedelta(days=30)
"""How long somebody who does not write again is remembered."""
MOST = 200
"""Rows in all: more than anybody reads; those who wrote last stay."""
MOST_IN_A_CHAT = 50
LONGEST = 100
"""Characters that are kept of a name or title."""

Kind = Literal["person", "bot", "anonymous", "channel"]


@dataclass(frozen=True)
class Newcomer:
    """Somebody unknown, where they wrote, and what they and the chat were called then."""

    person_id: int
    kind: Kind
    name: str
    username: str | None
    chat_id: int
    chat_kind: str
    chat_title: str
    topic: int | None


async def met(session: AsyncSession, newcomer: Newcomer, at: datetime) -> None:
    """Remember or count somebody in the caller's transaction, and forget those that are too many."""
    seen = {
        "kind": newcomer.kind,
        "name": storable(newcomer.name)[:LONGEST],
        "username": storable(newcomer.username)[:LONGEST] if newcomer.username else None,
        "chat_kind": newcomer.chat_kind,
        "chat_title": storable(newcomer.chat_title)[:LONGEST],
        "topic": newcomer.topic,
        "last_at": at,
    }
    keys = {"person_id": newcomer.person_id, "chat_id": newcomer.chat_id}
    statement = insert(session, NewcomerRow).values(**keys, **seen, first_at=at, count=1)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=list(keys), set_={**seen, "count": NewcomerRow.count + 1}
        )
    )
    newest_first = select(NewcomerRow).order_by(NewcomerRow.last_at.desc())
    in_chat = newest_first.where(NewcomerRow.chat_id == newcomer.chat_id)
    for surplus in (in_chat.offset(MOST_IN_A_CHAT), newest_first.offset(MOST)):
        for row in (await session.scalars(surplus)).all():
            await session.delete(row)
        await session.flush()


async def lately(session: AsyncSession) -> Sequence[NewcomerRow]:
    """Everybody who is remembered, who wrote last first."""
    return (await session.scalars(select(NewcomerRow).order_by(NewcomerRow.last_at.desc()))).all()


async def forget(session: AsyncSession, now: datetime) -> None:
    """Drop those who have not written for long."""
    await session.execute(delete(NewcomerRow).where(NewcomerRow.last_at < now - KEPT))
