"""Messages as they stand in a chat. They never change: an edit puts a new one in the old one's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath

from bot.sandbox.telegram.chats import User
from bot.sandbox.telegram.entities import Entity
from bot.sandbox.telegram.keyboards import NO_MARKUP, Button, Markup


@dataclass(frozen=True, slots=True)
class File:
    """A document, photo or other file. `id` is what the Bot API calls file_id."""

    id: str
    unique_id: str
    name: str
    mime: str
    content: bytes
    kind: str = "document"
    """One of `kinds.KINDS`."""
    number: int = 0
    """Which of all files it is."""
    facts: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Its width, height, duration (seconds), as far as its kind has them."""

    @property
    def path(self) -> str:
        """Where it is downloaded from, below /file/bot<token>/."""
        suffix = PurePath(self.name).suffix
        return f"{self.kind}s/file_{self.number}{suffix if suffix[1:].isalnum() else ''}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message that was sent on was first: who wrote it, or the channel (`chat_id`) where it stands."""

    sent_at: datetime
    user: User | None = None
    chat_id: int = 0
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `text` is what people read: the text, or the caption of a file."""

    id: int
    chat_id: int
    sent_at: datetime
    from_user: User | None = None
    """None in channels."""
    sender_chat_id: int | None = None
    """Whose name it carries when that is a chat's: anonymous admins, channels."""
    text: str = ""
    entities: tuple[Entity, ...] = ()
    markup: Markup = NO_MARKUP
    thread_id: int | None = None
    """The forum topic; None in General and outside forums."""
    reply_to: int | None = None
    quote: str | None = None
    silent: bool = False
    by_bot: bool = False
    """Sent by the bot under test."""
    edited_at: datetime | None = None
    edits: int = 0
    deleted: bool = False
    file: File | None = None
    """What it carries; `text` is its caption."""
    service: Mapping[str, object] | None = None
    """The field that makes it a service message, as the Bot API has it."""
    origin: Origin | None = None
    """Where it comes from, when it was sent on."""
    protected: bool = False
    album: str | None = None
    """What it shares with the other messages of its album."""
    receiver_id: int | None = None
    """The only person who sees it, where it is ephemeral."""
    reaction: str | None = None
    """The bot's emoji on it."""
    reactions: Mapping[int, str] = field(default_factory=dict, hash=False)
    """People's emoji on it, by who put it there."""
    link_preview: Mapping[str, object] | None = None

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        """Rows of inline buttons."""
        return self.markup.rows

    @property
    def forwarded_from(self) -> User | None:
        """Who wrote it first, where it was sent on and was a person's or a bot's."""
        return self.origin.user if self.origin is not None else None

    @property
    def document(self) -> File | None:
        """Its file, where that is a document."""
        return self._of_kind("document")

    @property
    def photo(self) -> File | None:
        """Its file, where that is a photo."""
        return self._of_kind("photo")

    def _of_kind(self, kind: str) -> File | None:
        return self.file if self.file is not None and self.file.kind == kind else None

    def button(self, row: int, column: int) -> Button | None:
        """The button at a place counted from 0, None where there is none."""
        if 0 <= row < len(self.buttons) and 0 <= column < len(self.buttons[row]):
            return self.buttons[row][column]
        return None


@dataclass(frozen=True, slots=True)
class Query:
    """A press of a button that waits for the bot's answer."""

    id: str
    user: User
    message: Message
    data: str
    pressed_at: float


@dataclass(frozen=True, slots=True)
class Action:
    """What the bot is about to do in a chat: typing, upload_document, ... Telegram's apps show it for five seconds."""

    chat_id: int
    thread_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser sees for their press: a toast, an alert, or nothing (text "")."""

    query_id: str
    user_id: int
    chat_id: int
    message_id: int
    text: str
    show_alert: bool = False
    url: str = ""
