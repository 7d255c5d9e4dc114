"""What people did in a chat, as plain values read from Telegram's updates.

Only what may act is read. Channel posts are not asked for and, should they come, not read. A message that is edited
soon is read again: what becomes of it depends on what became of it before. What is no update of Telegram's is said to
be none, whatever its shape.
"""

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeGuard, TypeVar

WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that Telegram is asked for."""
LATEST_EDIT = 900
"""Seconds after which a message that is edited is history, and no command."""
_DEEPEST = 50
"""Levels of an update that are stored; Telegram's have a dozen."""
ANONYMOUS_ADMIN = 1087968824
"""The account that messages of anonymous admins come from."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where; `kind` is private, group, supergroup or channel."""

    id: int
    kind: str
    title: str
    is_forum: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who, by number: names change owners. `anonymous` and `as_chat` hide the person and never act."""

    id: int
    name: str
    username: str | None = None
    is_bot: bool = False
    anonymous: bool = False
    as_chat: bool = False

    @property
    def kind(self) -> Literal["person", "bot", "anonymous", "channel"]:
        """What it is that wrote: only a person acts."""
        if self.anonymous:
            return "anonymous"
        return "channel" if self.as_chat else "bot" if self.is_bot else "person"


@dataclass(frozen=True, slots=True)
class Source:
    """Whom a message comes from; the `id` is a chat's for what is sent as one, and None for who hides theirs."""

    kind: Literal["person", "bot", "anonymous", "channel", "chat", "hidden"]
    id: int | None
    name: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Replied:
    """The message that another one answers: who sent it there, and of a forward who wrote it first."""

    sender: Source
    origin: Source | None = None


@dataclass(frozen=True, slots=True)
class TextMessage:
    """Somebody wrote something."""

    update_id: int
    chat: Chat
    topic: int | None
    message_id: int
    sender: Sender
    text: str
    date: datetime
    edited: bool = False
    replied: Replied | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button of one of our messages."""

    update_id: int
    query_id: str
    sender: Sender
    chat: Chat
    topic: int | None
    message_id: int
    data: str


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """A group became a supergroup."""

    update_id: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Membership:
    """The bot's own `status` in a chat changed (member, administrator, left, kicked, ...)."""

    update_id: int
    chat: Chat
    status: str


@dataclass(frozen=True, slots=True)
class Told:
    """Who and where an update is from, whatever it is about; `topic_name` is "" where Telegram does not tell it."""

    source: Source
    chat: Chat
    topic: int | None
    topic_name: str


Incoming = TextMessage | Press | ChatMoved | Membership

_Read = TypeVar("_Read")


class NoUpdate(ValueError):
    """Its shape is not the one that Telegram documents."""


def _of_any_shape(read: Callable[[dict[str, Any]], _Read]) -> Callable[[dict[str, Any]], _Read]:
    """Whatever is raised while an update is read says that it is none: `read` changes nothing and asks nobody."""

    @functools.wraps(read)
    def reading(update: dict[str, Any]) -> _Read:
        try:
            return read(update)
        except Exception as error:
            raise NoUpdate(f"{type(error).__name__}: {error}") from error

    return reading


@_of_any_shape
def parse(update: dict[str, Any]) -> Incoming | None:
    """Read an update; None for what never acts.

    Raises: NoUpdate.
    """
    number = _number(update["update_id"])
    if "message" in update:
        return _message(number, update["message"])
    if "edited_message" in update:
        return _edited(number, update["edited_message"])
    if "callback_query" in update:
        return _press(number, update["callback_query"])
    if "my_chat_member" in update:
        change = update["my_chat_member"]
        return Membership(number, _chat(change["chat"]), str(change["new_chat_member"]["status"]))
    return None


@_of_any_shape
def told(update: dict[str, Any]) -> Told | None:
    """Who and where an update is from; None for one that is from no chat.

    Raises: NoUpdate.
    """
    content: dict[str, Any] = next((each for key, each in update.items() if key != "update_id"), {})
    message = content.get("message", content)
    if "chat" not in message:
        return None
    source = _as_user(content["from"]) if "sender_chat" not in content and "from" in content else None
    opening = message.get("reply_to_message", message).get("forum_topic_created", {})
    return Told(
        source or _source(message), _chat(message["chat"]), _topic(message), str(opening.get("name", ""))
    )


def numbered(found: Any) -> bool:
    """Whether it has what every update has: a number of its own, by which it is stored and confirmed."""
    return isinstance(found, dict) and _is_number(found.get("update_id"))


def storable(update: dict[str, Any]) -> dict[str, Any]:
    """The update; its number alone where no database would take the rest, so that it holds up no other."""
    level: list[Any] = [update]
    for _ in range(_DEEPEST):
        if any(isinstance(each, float) and not math.isfinite(each) for each in level):
            break
        level = [inner for each in level if isinstance(each, dict | list) for inner in _within(each)]
        if not level:
            return update
    return {"update_id": update["update_id"]}


def _within(content: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return content.values() if isinstance(content, dict) else content


def lane(update: dict[str, Any]) -> str:
    """What is handled one after the other: the doings of one person in one chat.

    Of what is no update at all as well: it has to be stored and confirmed, or Telegram offers it for ever.
    """
    content: Any = next((update[kind] for kind in WANTED if kind in update), None)
    message = content.get("message", content) if isinstance(content, dict) else None
    return f"{_id_of(message, 'chat')}:{_id_of(content, 'from')}"


def _id_of(content: Any, key: str) -> int:
    found = content.get(key) if isinstance(content, dict) else None
    number = found.get("id") if isinstance(found, dict) else None
    return number if _is_number(number) else 0


def _is_number(found: Any) -> TypeGuard[int]:
    """Whether it is a number that Telegram may give something: 52 bits of them are used, 64 can be stored."""
    return isinstance(found, int) and not isinstance(found, bool) and abs(found) < 1 << 63


def _number(found: Any) -> int:
    if not _is_number(found):
        raise TypeError(f"{found!r:.40} is no number")
    return found


def _handle(account: dict[str, Any]) -> str | None:
    """The username of a person or a chat, which not everybody has."""
    found = account.get("username")
    return None if found is None else str(found)


def _message(number: int, message: dict[str, Any]) -> TextMessage | ChatMoved | None:
    chat = _chat(message["chat"])
    if "migrate_to_chat_id" in message:
        return ChatMoved(number, chat.id, _number(message["migrate_to_chat_id"]))
    if "migrate_from_chat_id" in message:
        return ChatMoved(number, _number(message["migrate_from_chat_id"]), chat.id)
    text = message.get("text") or message.get("caption")  # a command may stand below a picture
    if not text or "from" not in message or chat.kind == "channel":
        return None
    return TextMessage(
        update_id=number,
        chat=chat,
        topic=_topic(message),
        message_id=_number(message["message_id"]),
        sender=_sender(message["from"], message.get("sender_chat"), chat.id),
        text=str(text),
        date=datetime.fromtimestamp(_number(message["date"]), UTC),
        replied=_replied(message),
    )


def _edited(number: int, message: dict[str, Any]) -> TextMessage | None:
    found = _message(number, message)
    late = _number(message.get("edit_date", 0)) - _number(message["date"]) > LATEST_EDIT
    return replace(found, edited=True) if isinstance(found, TextMessage) and not late else None


def _replied(message: dict[str, Any]) -> Replied | None:
    """What the message answers. In a topic one that answers nothing comes as an answer to the topic's opening."""
    target = message.get("reply_to_message")
    if target is not None and "forum_topic_created" not in target:
        origin = target.get("forward_origin")
        return Replied(_source(target), _origin(origin) if origin else None)
    elsewhere = message.get("external_reply")
    return Replied(_origin(elsewhere["origin"])) if elsewhere else None


def _source(message: dict[str, Any]) -> Source:
    behind = message.get("sender_chat")
    if behind is not None:
        is_its_own = behind["id"] == message["chat"]["id"] and behind["type"] != "channel"
        return _as_chat(behind, "anonymous" if is_its_own else None)
    return _as_user(message["from"]) if "from" in message else Source("hidden", None, "")


def _origin(origin: dict[str, Any]) -> Source:
    """MessageOrigin: who wrote what was forwarded, or answered in another chat."""
    match origin["type"]:
        case "user":
            return _as_user(origin["sender_user"])
        case "hidden_user":
            return Source("hidden", None, str(origin["sender_user_name"]))
        case "chat":
            return _as_chat(origin["sender_chat"], "anonymous")
    return _as_chat(origin["chat"])


def _as_user(user: dict[str, Any]) -> Source:
    kind: Literal["bot", "person"] = "bot" if user.get("is_bot") else "person"
    return Source(kind, _number(user["id"]), _name(user), _handle(user))


def _as_chat(chat: dict[str, Any], kind: Literal["anonymous"] | None = None) -> Source:
    found = _chat(chat)
    is_channel = found.kind == "channel"
    return Source(kind or ("channel" if is_channel else "chat"), found.id, found.title, _handle(chat))


def _press(number: int, query: dict[str, Any]) -> Press | None:
    message = query.get("message")
    if message is None or "data" not in query:  # a message too old to be named, or a game
        return None
    return Press(
        update_id=number,
        query_id=str(query["id"]),
        sender=_sender(query["from"], None, 0),
        chat=_chat(message["chat"]),
        topic=_topic(message),
        message_id=_number(message["message_id"]),
        data=str(query["data"]),
    )


def _topic(message: dict[str, Any]) -> int | None:
    # Replies in ordinary groups carry a thread id too; only is_topic_message means a topic.
    return _number(message["message_thread_id"]) if message.get("is_topic_message") else None


def _chat(chat: dict[str, Any]) -> Chat:
    title = chat.get("title") or chat.get("first_name") or ""
    return Chat(_number(chat["id"]), str(chat["type"]), str(title), bool(chat.get("is_forum")))


def _sender(user: dict[str, Any], behind: dict[str, Any] | None, chat_id: int) -> Sender:
    is_chat = behind is not None
    return Sender(
        id=_number(user["id"]),
        name=_name(user),
        username=_handle(user),
        is_bot=bool(user.get("is_bot")),
        anonymous=user["id"] == ANONYMOUS_ADMIN or (behind is not None and behind["id"] == chat_id),
        as_chat=is_chat,
    )


def _name(user: dict[str, Any]) -> str:
    return " ".join(str(part) for part in (user.get("first_name"), user.get("last_name")) if part)
