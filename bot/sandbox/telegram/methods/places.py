"""Chats, their members, pinned messages and topics."""

from __future__ import annotations

from bot.sandbox.telegram.chats import GENERAL_TOPIC, Chat, Member, Topic
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.reporting import report_own, report_status
from bot.sandbox.telegram.wire import message_json

_COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


@method("getChat")
def get_chat(call: Call) -> object:
    """ChatFullInfo, as far as the bot's side uses it."""
    chat = call.chat()
    known = chat.to_json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}
    if chat.description:
        known["description"] = chat.description
    if chat.group:
        known["permissions"] = {
            "can_send_messages": "text" not in chat.forbidden,
            "can_send_documents": "documents" not in chat.forbidden,
            "can_send_photos": "photos" not in chat.forbidden,
        }
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


@method("getChatMember")
def get_chat_member(call: Call) -> object:
    """ChatMember; someone who never was in the chat counts as having left."""
    chat = call.chat()
    user = call.state.users.get(call.parameters.integer("user_id"))
    if user is None:
        raise bad("invalid user_id specified")
    if chat.private:
        if user.id not in (chat.id, call.state.bot.id):
            raise bad("member not found")
        return Member(user).to_json()
    return (chat.members.get(user.id) or Member(user, "left")).to_json()


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> object:
    """The chat's administrators and creator."""
    chat = call.chat()
    if chat.private:
        raise bad("there are no administrators in the private chat")
    leading = [each for each in chat.members.values() if each.status in ("creator", "administrator")]
    return [each.to_json() for each in leading]


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> object:
    """How many are in the chat, the bot included."""
    chat = call.chat()
    return 2 if chat.private else sum(each.present for each in chat.members.values())


@method("leaveChat")
def leave_chat(call: Call) -> object:
    """Leave a group or channel."""
    chat = call.chat()
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    report_status(call.state, chat, "left", by=call.state.bot)
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
    _may_pin(call, chat)
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
    _may_pin(call, chat)
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
    _may_pin(call, chat)
    chat.pinned.clear()
    call.state.happenings.tell("pinned", chat)
    return True


@method("createForumTopic")
def create_forum_topic(call: Call) -> object:
    """ForumTopic; its thread id is that of the service message that opens it."""
    chat = _forum(call)
    if not call.me(chat).may("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    name = call.parameters.text("name").strip()
    if not name:
        raise bad("name must be non-empty")
    colour = call.parameters.integer("icon_color", _COLOURS[0])
    if colour not in _COLOURS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    name = name[:128]
    number = call.state.next_message_id(chat)
    chat.topics[number] = Topic(number, name, icon_color=colour)
    content = {"forum_topic_created": {"name": name, "icon_color": colour}}
    report_own(call.state, chat, content, number, message_id=number)
    return {"message_thread_id": number, "name": name, "icon_color": colour}


@method("editForumTopic")
def edit_forum_topic(call: Call) -> object:
    """Rename a topic."""
    chat = _forum(call)
    topic = _topic(call, chat, "edit the topic")
    name = call.parameters.text("name").strip()[:128]
    if not name or name == topic.name:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    report_own(call.state, chat, {"forum_topic_edited": {"name": name}}, topic.id)
    return True


@method("closeForumTopic")
def close_forum_topic(call: Call) -> object:
    """Close a topic: only those who manage topics may write in it."""
    return _turn(call, closed=True)


@method("reopenForumTopic")
def reopen_forum_topic(call: Call) -> object:
    """Open a closed topic again."""
    return _turn(call, closed=False)


@method("deleteForumTopic")
def delete_forum_topic(call: Call) -> object:
    """Delete a topic with its messages."""
    chat = _forum(call)
    topic = _topic(call, chat, "delete the topic")
    del chat.topics[topic.id]
    for message in list(call.state.messages.get(chat.id, {}).values()):
        if message.thread_id == topic.id and not message.deleted:
            call.state.remove(message)
    return True


def _turn(call: Call, *, closed: bool) -> bool:
    chat = _forum(call)
    topic = _topic(call, chat, "close or open the topic")
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    report_own(call.state, chat, {f"forum_topic_{'closed' if closed else 'reopened'}": {}}, topic.id)
    return True


def _forum(call: Call) -> Chat:
    chat = call.chat()
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    return chat


def _topic(call: Call, chat: Chat, act: str) -> Topic:
    number = call.parameters.integer("message_thread_id")
    if number == GENERAL_TOPIC or number not in chat.topics:
        raise bad("invalid forum topic identifier specified")
    if not call.me(chat).may("can_manage_topics"):
        raise bad(f"not enough rights to {act}")
    return chat.topics[number]


def _may_pin(call: Call, chat: Chat) -> None:
    right = "can_edit_messages" if chat.kind == "channel" else "can_pin_messages"
    if not chat.private and not call.me(chat).may(right):
        raise bad("not enough rights to manage pinned messages in the chat")
