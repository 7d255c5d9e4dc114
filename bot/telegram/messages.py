"""What is said in a chat, as plain values: no type of python-telegram-bot leaves this package.

A `Message` is what the rest of the bot hands to the outbox. It can be stored as a row and read back, so that
what must survive a restart does.
"""

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Literal, Self

Style = Literal["primary", "success", "danger"]


@dataclass(frozen=True, slots=True)
class ChatTarget:
    """A chat, and in a forum one of its topics; None is the general one."""

    chat_id: int
    topic: int | None = None

    @property
    def is_private(self) -> bool:
        """Private chats have the person's own, positive id."""
        return self.chat_id > 0


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button: it carries `data` (a token of `Actions`), opens `url` or copies `copy` (1 to 256 signs).

    A `disabled` one shows a state ("Done") without inviting a press.
    """

    label: str
    data: str | None = None
    style: Style | None = None
    url: str | None = None
    copy: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file with a name that says what it is; the caption has at most 1024 characters after parsing."""

    name: str
    content: bytes
    caption_html: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A text in Telegram's HTML of any length, its buttons, and a document that follows it.

    With an empty `html` the document is sent alone and carries the buttons. What is longer than one message is
    split; links show no preview unless `preview`.
    """

    html: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    document: Document | None = None
    preview: bool = False

    def tokens(self) -> tuple[str, ...]:
        """The tokens that its buttons carry."""
        return tuple(button.data for row in self.buttons for button in row if button.data)

    def to_row(self) -> dict[str, Any]:
        """What is stored, as JSON can hold it."""
        row = asdict(self)
        if self.document is not None:
            row["document"]["content"] = b64encode(self.document.content).decode()
        return row

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Read back what `to_row` stored."""
        document = row["document"]
        return cls(
            html=row["html"],
            buttons=tuple(tuple(Button(**button) for button in line) for line in row["buttons"]),
            document=Document(**{**document, "content": b64decode(document["content"])})
            if document
            else None,
            preview=row["preview"],
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message ended up."""

    chat_id: int
    message_id: int
    topic: int | None = None

    @property
    def target(self) -> ChatTarget:
        """Where another message would join it."""
        return ChatTarget(self.chat_id, self.topic)


class Urgency(IntEnum):
    """How much a message matters; the lower goes first."""

    ANSWER = 0
    """A person waits for it."""
    ALERT = 1
    RESULT = 2
    """The end of something; from here up a message that was deleted is sent anew."""
    PROGRESS = 3
    COSMETIC = 4
