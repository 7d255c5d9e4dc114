"""How notices reach the chats that the configuration names."""

from collections.abc import Callable, Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.choices import Choice
from bot.commands.showing import Page, Screen
from bot.notices.notices import Place
from bot.planning.errors import PlanRefused
from bot.store.database import Database
from bot.telegram import stored
from bot.telegram.messages import ChatTarget, Message, Sent, Urgency
from bot.telegram.outbox import Outbox

log = structlog.get_logger(__name__)


class ChatPoster:
    """Posts by the names of chats."""

    def __init__(
        self,
        chat_id: Callable[[str], int | None],
        topics: Callable[[str], Mapping[str, int]],
        screen: Screen,
        outbox: Outbox,
        database: Database,
    ) -> None:
        """`chat_id` and `topics` know the configuration's chats by name."""
        self._chat_id = chat_id
        self._topics = topics
        self._screen = screen
        self._outbox = outbox
        self._database = database

    async def draft(self, chat: str, html: str, notice_id: int, app: str, environment: str) -> None:
        """Show a draft with [Publish] and [Discard], for whoever has the right."""
        fields = {"notice_id": notice_id}
        choices = [
            Choice(
                "Publish", "notice.publish", fields, "primary", anyone=True, app=app, environment=environment
            ),
            Choice("Discard", "notice.discard", fields, anyone=True, app=app, environment=environment),
        ]
        page = Page("raw", {"html": html}, choices)
        to = self._target(chat)
        if to is not None:
            key = f"draft {notice_id}"
            await self._screen.send(to, page, None, sound=True, urgency=Urgency.RESULT, key=key)

    async def publish(self, chat: str, html: str, key: str) -> Place | None:
        """Post a notice; None when the chat refused it. The same key posts once, and tries a refusal again.

        Raises: PlanRefused while Telegram takes nothing; it is posted later all the same.
        """
        to = self._target(chat)
        if to is None:
            return None
        await self._forget_refusal(key)
        sent = await self._outbox.send(
            to, Message(html), urgency=Urgency.RESULT, sound=True, key=key, durable=True
        )
        if sent is None and await self._waits(key):
            raise PlanRefused(
                "Telegram has not taken the notice yet",
                advice="It is posted as soon as it does; press Publish then, to see where",
            )
        return Place(sent.chat_id, sent.message_id) if sent is not None else None

    def rewrite(self, session: AsyncSession, place: Place, html: str) -> None:
        """Edit a posted notice, from the caller's transaction on; call `wake` once that is committed."""
        sent = Sent(place.chat_id, place.message_id)
        self._outbox.enqueue(
            session, sent.target, Message(html), key=None, urgency=Urgency.RESULT, edits=sent
        )

    def wake(self) -> None:
        """What `rewrite` was given is committed."""
        self._outbox.wake()

    async def _forget_refusal(self, key: str) -> None:
        """A chat that refused once may take it now: its administrator may have let the bot in."""
        async with self._database.write() as session:
            row = await stored.by_key(session, key)
            if row is not None and row.state == "failed":
                row.key = None

    async def _waits(self, key: str) -> bool:
        async with self._database.read() as session:
            row = await stored.by_key(session, key)
        return row is not None and row.state == "waiting"

    def _target(self, chat: str) -> ChatTarget | None:
        chat_id = self._chat_id(chat)
        if chat_id is None:
            log.warning("a chat's public name is not resolved, so nothing is posted there", chat=chat)
            return None
        return ChatTarget(chat_id, self._topics(chat).get("deploys"))
