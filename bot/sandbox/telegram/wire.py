"""How messages, entities and presses look in the Bot API's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.entities import Entity, units
from bot.sandbox.telegram.kinds import KINDS
from bot.sandbox.telegram.messages import File, Message, Origin, Query

_UNKNOWN = {"width": 90, "height": 90}
"""Said of pictures, which nobody here looks into."""


class Lookup(Protocol):
    """What is needed beside a message to write it down."""

    def chat_of(self, chat_id: int) -> Chat: ...
    def user_of(self, user_id: int) -> User | None: ...
    def message_of(self, chat_id: int, message_id: int) -> Message | None: ...


def entity_json(entity: Entity, lookup: Lookup) -> dict[str, object]:
    """MessageEntity."""
    known: dict[str, object] = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    extra: dict[str, object] = {
        "url": entity.url,
        "language": entity.language,
        "custom_emoji_id": entity.custom_emoji_id,
        "unix_time": entity.unix_time,
        "date_time_format": entity.date_time_format,
    }
    if entity.type == "text_mention" and (user := lookup.user_of(entity.user_id)):
        known["user"] = user.to_json()
    return known | {name: value for name, value in extra.items() if value}


def message_json(message: Message, lookup: Lookup, *, with_reply: bool = True) -> dict[str, object]:
    """Message; the message it replies to is written without its own reply, as Telegram does."""
    chat = lookup.chat_of(message.chat_id)
    known: dict[str, object] = {"message_id": message.id}
    if message.receiver_id is not None and (receiver := lookup.user_of(message.receiver_id)):
        known |= {"message_id": 0, "ephemeral_message_id": message.id, "receiver_user": receiver.to_json()}
    if message.from_user is not None:
        known["from"] = message.from_user.to_json()
    if message.sender_chat_id is not None:
        known["sender_chat"] = lookup.chat_of(message.sender_chat_id).to_json()
    known |= {"chat": chat.to_json(), "date": int(message.sent_at.timestamp())}
    if message.origin is not None:
        known |= {"forward_origin": _origin(message.origin, lookup)}
    if message.thread_id is not None:
        known |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    if with_reply:
        known |= _reply(message, lookup)
    if message.edited_at is not None:
        known["edit_date"] = int(message.edited_at.timestamp())
    if message.album is not None:
        known["media_group_id"] = message.album
    if message.protected:
        known["has_protected_content"] = True
    known |= _content(message, lookup)
    if (markup := message.markup.to_json()) is not None:
        known["reply_markup"] = markup
    return known | dict(message.service or {})


def _origin(origin: Origin, lookup: Lookup) -> dict[str, object]:
    date = int(origin.sent_at.timestamp())
    if origin.user is not None:
        return {"type": "user", "sender_user": origin.user.to_json(), "date": date}
    chat = lookup.chat_of(origin.chat_id).to_json()
    return {"type": "channel", "chat": chat, "message_id": origin.message_id, "date": date}


def _reply(message: Message, lookup: Lookup) -> dict[str, object]:
    # In a topic a message that answers nothing is sent as an answer to the topic's opening.
    target_id = message.reply_to if message.reply_to is not None else message.thread_id
    target = lookup.message_of(message.chat_id, target_id) if target_id is not None else None
    if target is None or target.id == message.id:
        return {}
    known: dict[str, object] = {"reply_to_message": message_json(target, lookup, with_reply=False)}
    if message.quote is not None:
        position = units(target.text[: max(0, target.text.find(message.quote))])
        known["quote"] = {"text": message.quote, "position": position, "is_manual": True}
    return known


def _content(message: Message, lookup: Lookup) -> dict[str, object]:
    entities = [entity_json(each, lookup) for each in message.entities]
    known: dict[str, object] = {}
    if message.file is not None:
        known |= _media(message.file)
    name = "caption" if message.file else "text"
    if message.text:
        known[name] = message.text
    if entities:
        known["caption_entities" if message.file else "entities"] = entities
    if message.link_preview:
        known["link_preview_options"] = dict(message.link_preview)
    return known


def _media(file: File) -> dict[str, object]:
    """The field of a message that holds its file: a photo has sizes, an animation is a document as well."""
    facts = {name: file.facts.get(name) or _UNKNOWN.get(name, 0) for name in KINDS[file.kind].facts}
    stored = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": len(file.content)}
    if file.kind == "photo":
        return {"photo": [stored | facts]}
    named = {"mime_type": file.mime, **stored}
    if file.kind != "voice":
        named = {"file_name": file.name, **named}
    known: dict[str, object] = {file.kind: facts | named}
    return known | ({"document": named} if file.kind == "animation" else {})


def query_json(query: Query, lookup: Lookup) -> Mapping[str, object]:
    """CallbackQuery."""
    return {
        "id": query.id,
        "from": query.user.to_json(),
        "message": message_json(query.message, lookup),
        "chat_instance": str(abs(query.message.chat_id) * 1_000_003),
        "data": query.data,
    }
