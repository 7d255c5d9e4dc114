"""Chats: what is known of them, their titles and descriptions, what is pinned there."""

from __future__ import annotations

from bot.sandbox.telegram.chats import PERMISSIONS, Chat
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.reporting import report_own
from bot.sandbox.telegram.wire import message_json

_TITLE_LIMIT = 128
_DESCRIPTION_LIMIT = 255


@method("getChat")
def get_chat(call: Call) -> object:
    """ChatFullInfo."""
    chat = call.chat(reading=True)
    known = chat.to_json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}
    if chat.description:
        known["description"] = chat.description
    if chat.group:
        known["permissions"] = {each: each not in chat.denied for each in PERMISSIONS}
    if chat.pinned and (pinned := call.state.message_of(chat.id, chat.pinned[-1])):
        known["pinned_message"] = message_json(pinned, call.state)
    return known


_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


@method("setChatTitle")
def set_chat_title(call: Call) -> object:
    """Rename a group or channel."""
    chat = _changeable(call, "change", "title")
    title = call.parameters.text("title").strip()[:_TITLE_LIMIT]
    if not title:
        raise bad("title must be non-empty")
    if title != chat.title:
        chat.title = title
        report_own(call.state, chat, {"new_chat_title": title})
    return True


@method("setChatDescription")
def set_chat_description(call: Call) -> object:
    """Say what a group or channel is for; "" takes it away."""
    chat = _changeable(call, "set", "description")
    description = call.parameters.text("description").strip()[:_DESCRIPTION_LIMIT]
    if description == chat.description:
        raise bad("chat description is not modified")
    chat.description = description
    return True


@method("pinChatMessage")
def pin_chat_message(call: Call) -> object:
    """Pin a message; the chat, and the bot, see a service message of it."""
    chat = call.chat()
    message = call.message(chat)
    if message is None:
        raise bad("message to pin not found")
    if message.service is not None:
        raise bad("service messages can't be pinned")
    may_pin(call, chat)
    if message.id not in chat.pinned:
        chat.pinned.append(message.id)
        silent = call.parameters.boolean("disable_notification")
        pinned = message_json(message, call.state, with_reply=False)
        report_own(call.state, chat, {"pinned_message": pinned}, message.thread_id, silent=silent)
        call.state.happenings.tell("pinned", chat)
    return True


@method("unpinChatMessage")
def unpin_chat_message(call: Call) -> object:
    """Unpin a message, the newest pinned one where none is named."""
    chat = call.chat()
    may_pin(call, chat)
    wanted = call.parameters.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if wanted not in chat.pinned:
        raise bad("message to unpin not found")
    chat.pinned.remove(wanted)
    call.state.happenings.tell("pinned", chat)
    return True


@method("unpinAllChatMessages")
def unpin_all_chat_messages(call: Call) -> object:
    """Unpin everything in a chat."""
    chat = call.chat()
    may_pin(call, chat)
    chat.pinned.clear()
    call.state.happenings.tell("pinned", chat)
    return True


def _changeable(call: Call, act: str, what: str) -> Chat:
    chat = call.chat()
    if chat.private:
        raise bad(f"can't change private chat {what}")
    if not call.me(chat).may("can_change_info"):
        raise bad(f"not enough rights to {act} chat {what}")
    return chat


def may_pin(call: Call, chat: Chat) -> None:
    right = "can_edit_messages" if chat.kind == "channel" else "can_pin_messages"
    if not chat.private and not call.me(chat).may(right):
        raise bad("not enough rights to manage pinned messages in the chat")
