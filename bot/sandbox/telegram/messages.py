"""Messages as they stand in a chat. They never change: an edit puts a new one in the old one's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.telegram.chats import User
from bot.sandbox.telegram.entities import Entity
from bot.sandbox.telegram.keyboards import NO_MARKUP, Button, Markup


@dataclass(frozen=True, slots=True)
class File:
    """A document or photo. `id` is what the Bot API calls file_id."""

    id: str
    unique_id: str
    name: str
    mime: str
    content: bytes
    kind: str = "document"

    @property
    def path(self) -> str:
        """Where it is downloaded from, below /file/bot<token>/."""
        return f"{self.kind}s/{self.unique_id}_{self.name}"


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
    document: File | None = None
    photo: File | None = None
    service: Mapping[str, object] | None = None
    """The field that makes it a service message, as the Bot API has it."""
    forwarded_from: User | None = None
    protected: bool = False
    album: str | None = None
    """What it shares with the other messages of its album."""
    receiver_id: int | None = None
    """The only person who sees it, where it is ephemeral."""
    reaction: str | None = None
    """The bot's emoji on it."""
    link_preview: Mapping[str, object] | None = None

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        """Rows of inline buttons."""
        return self.markup.rows

    @property
    def file(self) -> File | None:
        return self.document or self.photo

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
