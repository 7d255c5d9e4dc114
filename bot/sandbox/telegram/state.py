"""Everything that this Telegram knows: people, chats, messages, files, updates, presses, commands.

Holds the primitives that both sides share, the bot's methods (methods/) and the people's acts (world.py):
finding, posting, replacing, deleting, and telling whoever looks on. Rules of who may do what are theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.clock import Clock
from bot.sandbox.telegram.chats import ANONYMOUS_ADMIN, CHANNEL_BOT, TELEGRAM, Chat, User
from bot.sandbox.telegram.entities import Entity
from bot.sandbox.telegram.faults import Faults
from bot.sandbox.telegram.floods import Floods
from bot.sandbox.telegram.happenings import Happenings
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.telegram.messages import Answer, File, Message, Query
from bot.sandbox.telegram.polls import Polls
from bot.sandbox.telegram.updates import Updates


@dataclass(slots=True)
class Webhook:
    """Where updates are delivered, as setWebhook was told."""

    url: str
    secret: str = ""
    max_connections: int = 40
    last_error: tuple[int, str] | None = None
    """When (Unix time) and why the last delivery failed."""


@dataclass(slots=True)
class State:
    """The server's memory. Everything is lost with it."""

    bot: User
    token: str
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    privacy: bool = True
    """Whether the bot sees only what is meant for it in groups."""
    insecure_webhooks: bool = False
    """Accept http:// webhooks at any port, since a sandbox has no certificate."""
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    messages: dict[int, dict[int, Message]] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    """Command menus by scope and language."""
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    """The bot's name, description and short description by what it is and language."""
    webhook: Webhook | None = None
    happenings: Happenings = field(default_factory=Happenings)
    updates: Updates = field(init=False)
    polls: Polls = field(init=False)
    floods: Floods = field(init=False)
    faults: Faults = field(init=False)
    opened_at: float = field(init=False)
    _counters: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.updates = Updates(self.clock)
        self.polls = Polls(self.clock)
        self.floods = Floods(self.limits, self.clock)
        self.faults = Faults(self.clock)
        self.opened_at = self.clock.monotonic()
        for user in (self.bot, ANONYMOUS_ADMIN, CHANNEL_BOT, TELEGRAM):
            self.users[user.id] = user

    def chat_of(self, chat_id: int) -> Chat:
        """Raises: KeyError."""
        return self.chats[chat_id]

    def user_of(self, user_id: int) -> User | None:
        return self.users.get(user_id)

    def message_of(self, chat_id: int, message_id: int) -> Message | None:
        """The message, None where it never was or was deleted."""
        message = self.messages.get(chat_id, {}).get(message_id)
        return None if message is None or message.deleted else message

    def next_message_id(self, chat: Chat) -> int:
        """The id of the next message to be put there."""
        return self._counters.get(_counter(chat), 0) + 1

    def put(self, message: Message) -> Message:
        """Put a new message in its chat and tell the onlookers. The bot gets no update of it here."""
        chat = self.chats[message.chat_id]
        self.messages.setdefault(chat.id, {})[message.id] = message
        self._counters[_counter(chat)] = max(message.id, self._counters.get(_counter(chat), 0))
        if message.from_user is not None and message.from_user.is_bot and message.sender_chat_id is None:
            chat.last_bot = message.from_user.id
        self.happenings.tell("sent" if message.by_bot else "said", message)
        return message

    def edit(self, message: Message, **changes: object) -> Message:
        """Put an edited message in the old one's place, with the time and count of the edit."""
        edited = replace(message, **changes, edited_at=self.clock.now(), edits=message.edits + 1)  # type: ignore[arg-type]  # callers name Message's fields
        self.messages[message.chat_id][message.id] = edited
        self.happenings.tell("edited", edited)
        return edited

    def react(self, message: Message, user_id: int, emoji: str) -> None:
        """Put someone's reaction on a message, or take it off ("")."""
        if user_id == self.bot.id:
            marked = replace(message, reaction=emoji or None)
        else:
            others = {who: what for who, what in message.reactions.items() if who != user_id}
            marked = replace(message, reactions=others | ({user_id: emoji} if emoji else {}))
        self.messages[message.chat_id][message.id] = marked
        self.happenings.tell("reacted", marked)

    def remove(self, message: Message) -> None:
        """Mark a message as deleted: the bot can no longer find it, onlookers still can."""
        gone = replace(message, deleted=True)
        self.messages[message.chat_id][message.id] = gone
        chat = self.chats[message.chat_id]
        self.happenings.tell("deleted", gone)
        if message.id in chat.pinned:
            chat.pinned = [each for each in chat.pinned if each != message.id]
            self.happenings.tell("pinned", chat)

    def keep_file(
        self, kind: str, name: str, mime: str, content: bytes, facts: Mapping[str, int] | None = None
    ) -> File:
        """Store an upload under a new file id."""
        ids, number = (secrets.token_urlsafe(36), secrets.token_urlsafe(10)), len(self.files)
        file = File(*ids, name, mime, content, kind, number, facts or {})
        self.files[file.id] = file
        return file

    def service(self, chat: Chat, content: Mapping[str, object], **fields: object) -> Message:
        """Put a service message into a chat. The caller decides whether the bot hears of it."""
        message = Message(self.next_message_id(chat), chat.id, self.clock.now(), service=content)
        return self.put(replace(message, **fields))  # type: ignore[arg-type]  # callers name Message's fields

    def known_entities(self, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        """Without mentions of people nobody knows, which Telegram drops."""
        return tuple(each for each in entities if each.type != "text_mention" or each.user_id in self.users)


def _counter(chat: Chat) -> int:
    """Supergroups and channels count for themselves, everything else together."""
    return chat.id if chat.kind in ("supergroup", "channel") else 0
