"""What buttons do: Telegram carries a random token, everything else is looked up here at the press.

A token is bound to its chat, its message once that is sent, an expiry and, where it matters, one person. Whether
that person still has the right is for the caller to check again at the press.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.store.database import Database
from bot.store.tables import ActionRow
from bot.telegram.incoming import Press
from bot.telegram.messages import Message, Sent

TOKEN_BYTES = 18
"""144 random bits, 24 characters of Telegram's 64."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")
"""What else comes is not even looked up: not every database takes every text that a changed client may send."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a press asks for: the button's `name`, its arguments, and the permission it takes there."""

    token: str
    name: str
    arguments: dict[str, Any]
    permission: str
    app: str | None
    environment: str | None
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a press does nothing."""

    reason: Literal["unknown", "expired", "not yours", "used", "other chat"]
    expired: Action | None = None
    """What the button did while it lived, where the one who presses might have pressed it then."""


class Actions:
    """The buttons that are alive."""

    def __init__(
        self, database: Database, clock: Clock, follow: Callable[[int], int] = lambda chat_id: chat_id
    ) -> None:
        """`follow` knows the id that a chat has now: a group that became a supergroup took its messages along."""
        self._follow = follow
        self._database = database
        self.clock = clock

    async def offer(
        self,
        session: AsyncSession,
        *,
        name: str,
        arguments: dict[str, Any],
        permission: str,
        app: str | None,
        environment: str | None,
        person_id: int | None,
        chat_id: int,
        lifetime: timedelta,
        message_id: int | None = None,
        at: datetime | None = None,
    ) -> str:
        """Make a button's token in the caller's transaction; `person_id` None lets anyone with the right press.

        It works in the message of that id; without one in the chat, until it is bound. Those of one screen are all
        made `at` the same time.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = at or self.clock.now()
        session.add(
            ActionRow(
                token=token,
                name=name,
                arguments=arguments,
                permission=permission,
                app=app,
                environment=environment,
                person_id=person_id,
                chat_id=chat_id,
                message_id=message_id,
                created_at=now,
                expires_at=now + lifetime,
            )
        )
        return token

    async def bind(self, message: Message, sent: Sent) -> None:
        """The message is sent: its buttons work there and nowhere else."""
        if message.tokens():
            async with self._database.write() as session:
                await self._bind(session, message, sent)

    async def rebind(self, message: Message, sent: Sent) -> None:
        """The message shows these buttons now, and those that it had do nothing any more."""
        async with self._database.write() as session:
            await self.void(session, sent.chat_id, sent.message_id)
            await self._bind(session, message, sent)

    async def _bind(self, session: AsyncSession, message: Message, sent: Sent) -> None:
        await session.execute(
            update(ActionRow)
            .where(ActionRow.token.in_(message.tokens()))
            .values(chat_id=sent.chat_id, message_id=sent.message_id)
        )

    async def of(self, sent: Sent) -> Sequence[str]:
        """The tokens of the buttons that the message has now."""
        query = select(ActionRow.token).where(
            ActionRow.chat_id == sent.chat_id, ActionRow.message_id == sent.message_id
        )
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def drop(self, tokens: Sequence[str]) -> None:
        """These do nothing any more."""
        async with self._database.write() as session:
            await session.execute(delete(ActionRow).where(ActionRow.token.in_(tokens)))

    async def retire(self, pressed: str, shown: Sequence[Sequence[str]]) -> None:
        """The screen of the button that was pressed, and all but the last that were `shown` in its place since, do
        nothing any more.

        What an earlier handling of the same press has shown there stays: it may be pressed by now.
        """
        *over, last = shown
        mine = select(ActionRow).where(ActionRow.token == pressed).subquery()
        its_screen = exists().where(
            ActionRow.chat_id == mine.c.chat_id,
            ActionRow.message_id == mine.c.message_id,
            ActionRow.created_at <= mine.c.created_at,
        )
        async with self._database.write() as session:
            await session.execute(
                delete(ActionRow).where(
                    or_(its_screen, ActionRow.token.in_(token for tokens in over for token in tokens)),
                    ActionRow.token.not_in(last),
                )
            )

    async def take(self, press: Press) -> Action | Refusal:
        """Look a press up. It may be pressed again: what must happen once is `spend`'s to say."""
        if not _TOKEN.fullmatch(press.data):
            return Refusal("unknown")
        async with self._database.read() as session:
            row = await session.get(ActionRow, press.data)
        if row is None or (row.message_id is not None and row.message_id != press.message_id):
            return Refusal("unknown")
        if self._follow(row.chat_id) != press.chat.id:
            return Refusal("other chat")
        if row.person_id is not None and row.person_id != press.sender.id:
            return Refusal("not yours")
        if row.used_at is not None:
            return Refusal("used")
        action = Action(
            row.token, row.name, row.arguments, row.permission, row.app, row.environment, row.person_id
        )
        return Refusal("expired", action) if row.expires_at <= self.clock.now() else action

    async def spend(self, session: AsyncSession, token: str) -> bool:
        """Use a button up in the transaction of its effect; False when an earlier press did."""
        result = await session.execute(
            update(ActionRow)
            .where(ActionRow.token == token, ActionRow.used_at.is_(None))
            .values(used_at=self.clock.now())
        )
        assert isinstance(result, CursorResult)
        return result.rowcount == 1

    async def earlier(
        self, names: Sequence[str], *, person_id: int, app: str, environment: str, than: Sent
    ) -> list[int]:
        """The messages in the chat before `than` with such a button of that person that nobody used."""
        statement = select(ActionRow.message_id).where(
            ActionRow.name.in_(names),
            ActionRow.person_id == person_id,
            ActionRow.app == app,
            ActionRow.environment == environment,
            ActionRow.chat_id == than.chat_id,
            ActionRow.message_id < than.message_id,
            ActionRow.used_at.is_(None),
        )
        async with self._database.read() as session:
            return [number for number in await session.scalars(statement.distinct()) if number is not None]

    async def void(self, session: AsyncSession, chat_id: int, message_id: int) -> None:
        """The message shows something else now: from the end of the caller's transaction on, its buttons so far do
        nothing any more.
        """
        await session.execute(
            delete(ActionRow).where(ActionRow.chat_id == chat_id, ActionRow.message_id == message_id)
        )
