"""Chats and topics: the bot may post in each, and hears what is written in groups."""

from bot.app import Parts
from bot.checking.lines import Answer, Finding, Group, Question
from bot.config.people import Chat
from bot.telegram import probing
from bot.telegram.transport import Bot

GROUPS = ("group", "supergroup")

_TOPIC_WORDS = {
    "message thread not found": "is not there: mend its number (/whoami in the topic tells it)",
    "topic_closed": "is closed: reopen it, or make the bot an admin who manages topics",
}


def group(parts: Parts, bot: Bot) -> Group:
    """A line for each chat, and one for each topic or other thing that is not as it should be."""
    chats = parts.current.config.chats.items()
    return Group("Chats", [Question(f"chat {name}", _Asked(name, chat, bot).state) for name, chat in chats])


class _Asked:
    def __init__(self, name: str, chat: Chat, bot: Bot) -> None:
        self._name = name
        self._chat = chat
        self._bot = bot

    async def state(self) -> Answer:
        me = await probing.account(self._bot)
        found = await probing.chat(self._bot, self._chat.id, me.id)
        about = f"chat {self._name}"
        if found.trouble:
            return Finding("wrong", about, f"{found.title} ({found.kind}): {found.trouble}")
        lines = [Finding("ok", about, f"may post in {found.title} ({found.kind})")]
        if found.kind in GROUPS and not found.admin and not me.hears_all:
            words = (
                f"privacy mode is on and the bot is no admin in {found.title}: a plain /deploy there may not "
                f"arrive (/deploy@{me.username} does): make the bot an admin"
            )
            lines.append(Finding("note", about, words))
        return [*lines, *await self._topics(found)]

    async def _topics(self, found: probing.ChatState) -> list[Finding]:
        topics = self._chat.topics
        if topics and not found.forum:
            words = (
                f"{found.title} has no topics, the configuration names {', '.join(topics)}: switch them on, "
            )
            return [Finding("wrong", f"chat {self._name}", f"{words}or leave `topics` out")]
        troubles = await probing.topics(self._bot, self._chat.id, list(topics.values()))
        return [
            Finding("wrong", f"topic {self._name}/{name}", f"topic {thread} {_told(troubles[thread])}")
            for name, thread in topics.items()
            if troubles[thread]
        ]


def _told(words: str) -> str:
    return _TOPIC_WORDS.get(words.lower(), f"can't be posted in: {words}")
