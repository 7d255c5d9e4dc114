"""Messages that only one member of a group sees (Bot API 10.2): who may get one, and changing or deleting it.

They are sent by the ordinary methods with `ephemeral_message_parameters` and have numbers of their own. What
Telegram answers where they are not allowed was read in reports of bots, not in its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.formatting import check_length, message_text
from bot.sandbox.telegram.keyboards import check_markup, read_markup
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.parameters import as_integer

_AFTER_PRESS = 15.0  # seconds in which a press may be answered so by a bot that is no administrator


def receiver_of(call: Call, chat: Chat) -> int | None:
    """Who alone is to see the message, None where everyone is. Raises: Refusal."""
    if not call.parameters.text("ephemeral_message_parameters"):
        return None
    try:
        given = call.parameters.json("ephemeral_message_parameters")
    except ValueError:
        given = None
    if not isinstance(given, Mapping):
        raise bad("can't parse ephemeral message parameters JSON object")
    user_id = as_integer(given.get("receiver_user_id"))
    member = chat.members.get(user_id)
    if not chat.group or not (_leads(call, chat) or _was_pressed(call, chat, user_id, given)):
        raise bad("BOT_NOT_ADMIN")
    if member is None or not member.present:
        raise bad("invalid receiver_user_id specified")
    return user_id


@method("editEphemeralMessageText")
def edit_ephemeral_message_text(call: Call) -> object:
    """Replace the text and buttons of a message that one person sees."""
    formatted = message_text(call.parameters)
    chat = call.chat()
    message = _message(call, chat, "edit")
    markup = read_markup(call.parameters)
    check_length(formatted, edit=True)
    check_markup(markup, private=False, channel=False)
    call.state.floods.spend(chat.id, group=chat.group)
    entities = call.state.known_entities(formatted.entities)
    call.state.edit(message, text=formatted.text, entities=entities, markup=markup)
    return True


@method("deleteEphemeralMessage")
def delete_ephemeral_message(call: Call) -> object:
    """Take back a message that one person sees."""
    call.state.remove(_message(call, call.chat(), "delete"))
    return True


def _leads(call: Call, chat: Chat) -> bool:
    return call.me(chat).status in ("administrator", "creator")


def _was_pressed(call: Call, chat: Chat, user_id: int, given: Mapping[str, object]) -> bool:
    query = call.state.queries.get(str(given.get("callback_query_id") or ""))
    if query is None or query.user.id != user_id or query.message.chat_id != chat.id:
        return False
    return call.state.clock.monotonic() - query.pressed_at <= _AFTER_PRESS


def _message(call: Call, chat: Chat, act: str) -> Message:
    message = call.state.message_of(chat.id, call.parameters.integer("ephemeral_message_id"))
    receiver_id = call.parameters.integer("receiver_user_id")
    if message is None or message.receiver_id is None or message.receiver_id != receiver_id:
        raise bad(f"message to {act} not found")
    return message
