"""Topics of forums: opened, renamed, closed, opened again, deleted; General hidden and shown."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.telegram.chats import GENERAL_TOPIC, Chat, Topic
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.methods.places import may_pin
from bot.sandbox.telegram.reporting import report_own

_COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
_NAME_LIMIT = 128


@method("createForumTopic")
def create_forum_topic(call: Call) -> object:
    """ForumTopic; its thread id is that of the service message that opens it."""
    chat = _forum(call)
    if not call.me(chat).may("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    name = _name(call)
    if not name:
        raise bad("name must be non-empty")
    colour = call.parameters.integer("icon_color", _COLOURS[0])
    if colour not in _COLOURS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    number = call.state.next_message_id(chat)
    chat.topics[number] = Topic(number, name, icon_color=colour)
    content = {"forum_topic_created": {"name": name, "icon_color": colour}}
    report_own(call.state, chat, content, number, message_id=number)
    return {"message_thread_id": number, "name": name, "icon_color": colour}


@method("editForumTopic")
def edit_forum_topic(call: Call) -> object:
    """Rename a topic; a name that is not given stays."""
    chat = _forum(call)
    return _rename(call, chat, _topic(call, chat, "edit the topic"))


@method("editGeneralForumTopic")
def edit_general_forum_topic(call: Call) -> object:
    """Rename General."""
    chat = _forum(call)
    return _rename(call, chat, _general(call, chat, "edit the topic"))


@method("closeForumTopic")
def close_forum_topic(call: Call) -> object:
    """Close a topic: only those who manage topics may write in it."""
    chat = _forum(call)
    return _turn(call, chat, _topic(call, chat, "close or open the topic"), closed=True)


@method("reopenForumTopic")
def reopen_forum_topic(call: Call) -> object:
    """Open a closed topic again."""
    chat = _forum(call)
    return _turn(call, chat, _topic(call, chat, "close or open the topic"), closed=False)


@method("closeGeneralForumTopic")
def close_general_forum_topic(call: Call) -> object:
    """Close General."""
    chat = _forum(call)
    return _turn(call, chat, _general(call, chat, "close or open the topic"), closed=True)


@method("reopenGeneralForumTopic")
def reopen_general_forum_topic(call: Call) -> object:
    """Open General again; a hidden one is shown."""
    chat = _forum(call)
    topic = _general(call, chat, "close or open the topic")
    if topic.hidden:
        _hide(call, chat, topic, hidden=False)
    return _turn(call, chat, topic, closed=False)


@method("hideGeneralForumTopic")
def hide_general_forum_topic(call: Call) -> object:
    """Hide General, which closes it."""
    chat = _forum(call)
    topic = _general(call, chat, "close or open the topic")
    if topic.hidden:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = True
    return _hide(call, chat, topic, hidden=True)


@method("unhideGeneralForumTopic")
def unhide_general_forum_topic(call: Call) -> object:
    """Show General again; it stays closed."""
    chat = _forum(call)
    topic = _general(call, chat, "close or open the topic")
    if not topic.hidden:
        raise bad("TOPIC_NOT_MODIFIED")
    return _hide(call, chat, topic, hidden=False)


@method("deleteForumTopic")
def delete_forum_topic(call: Call) -> object:
    """Delete a topic with its messages."""
    chat = _forum(call)
    topic = _topic(call, chat, "delete the topic", right="can_delete_messages")
    del chat.topics[topic.id]
    for message in list(call.state.messages.get(chat.id, {}).values()):
        if message.thread_id == topic.id and not message.deleted:
            call.state.remove(message)
    return True


@method("unpinAllForumTopicMessages")
def unpin_all_forum_topic_messages(call: Call) -> object:
    """Unpin everything in one topic."""
    chat = _forum(call)
    number = _known(call, chat).id
    return _unpin(call, chat, lambda thread_id: thread_id == number)


@method("unpinAllGeneralForumTopicMessages")
def unpin_all_general_forum_topic_messages(call: Call) -> object:
    """Unpin everything in General."""
    return _unpin(call, _forum(call), lambda thread_id: thread_id is None)


@method("getForumTopicIconStickers")
def get_forum_topic_icon_stickers(call: Call) -> object:
    """Stickers that may stand for a topic: none, since this Telegram has no stickers."""
    return []


def _forum(call: Call) -> Chat:
    chat = call.chat()
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    return chat


def _known(call: Call, chat: Chat) -> Topic:
    number = call.parameters.integer("message_thread_id")
    if number == GENERAL_TOPIC or number not in chat.topics:
        raise bad("invalid forum topic identifier specified")
    return chat.topics[number]


def _topic(call: Call, chat: Chat, act: str, *, right: str = "can_manage_topics") -> Topic:
    topic = _known(call, chat)
    if not call.me(chat).may(right):
        raise bad(f"not enough rights to {act}")
    return topic


def _general(call: Call, chat: Chat, act: str) -> Topic:
    if not call.me(chat).may("can_manage_topics"):
        raise bad(f"not enough rights to {act}")
    return chat.general


def _name(call: Call) -> str:
    return call.parameters.text("name").strip()[:_NAME_LIMIT]


def _thread(topic: Topic) -> int | None:
    return None if topic.id == GENERAL_TOPIC else topic.id


def _rename(call: Call, chat: Chat, topic: Topic) -> bool:
    name = _name(call)
    if not name or name == topic.name:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    report_own(call.state, chat, {"forum_topic_edited": {"name": name}}, _thread(topic))
    return True


def _turn(call: Call, chat: Chat, topic: Topic, *, closed: bool) -> bool:
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    content: dict[str, object] = {f"forum_topic_{'closed' if closed else 'reopened'}": {}}
    report_own(call.state, chat, content, _thread(topic))
    return True


def _hide(call: Call, chat: Chat, topic: Topic, *, hidden: bool) -> bool:
    topic.hidden = hidden
    report_own(call.state, chat, {f"general_forum_topic_{'hidden' if hidden else 'unhidden'}": {}}, None)
    return True


def _unpin(call: Call, chat: Chat, among: Callable[[int | None], bool]) -> bool:
    may_pin(call, chat)
    messages = {each: call.state.message_of(chat.id, each) for each in chat.pinned}
    chat.pinned = [number for number, each in messages.items() if each and not among(each.thread_id)]
    call.state.happenings.tell("pinned", chat)
    return True
