"""How notices reach the chats that the configuration names."""

from collections.abc import Callable

from bot.commands.choices import Choice
from bot.commands.showing import Page, Screen
from bot.config import Config
from bot.notices.notices import Place
from bot.telegram.messages import ChatTarget, Message, Sent, Urgency
from bot.telegram.outbox import Outbox


class ChatPoster:
    """Posts by the names of chats."""

    def __init__(self, config: Callable[[], Config], screen: Screen, outbox: Outbox) -> None:
        self._config = config
        self._screen = screen
        self._outbox = outbox

    async def draft(self, chat: str, html: str, notice_id: int, app: str, environment: str) -> None:
        """Show a draft with [Publish] and [Discard], for whoever has the right."""
        place = {"app": app, "environment": environment}
        fields = {"notice_id": notice_id}
        choices = [
            Choice("Publish", "notice.publish", fields, "primary", anyone=True, **place),
            Choice("Discard", "notice.discard", fields, anyone=True, **place),
        ]
        page = Page("raw", {"html": html}, choices)
        await self._screen.send(
            self._target(chat), page, None, sound=True, urgency=Urgency.RESULT, key=f"draft {notice_id}"
        )

    async def publish(self, chat: str, html: str, key: str) -> Place | None:
        """Post a notice; None when the chat refused it. The same key posts once."""
        sent = await self._outbox.send(
            self._target(chat), Message(html), urgency=Urgency.RESULT, sound=True, key=key, durable=True
        )
        return Place(sent.chat_id, sent.message_id) if sent is not None else None

    async def rewrite(self, place: Place, html: str) -> None:
        """Edit a posted notice."""
        sent = Sent(place.chat_id, place.message_id)
        await self._outbox.edit(sent, Message(html), urgency=Urgency.RESULT, durable=True)

    def _target(self, chat: str) -> ChatTarget:
        found = self._config().chats[chat]
        return ChatTarget(found.id, found.topics.get("deploys"))
