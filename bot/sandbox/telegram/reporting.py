"""What the bot hears of: turning happenings in chats into updates, by privacy mode and by Telegram's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.telegram.chats import ADMIN_RIGHTS, Chat, Member, User
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.state import State
from bot.sandbox.telegram.wire import message_json


def report(state: State, message: Message) -> bool:
    """Queue the update of a message that someone wrote or edited; False where the bot may not see it."""
    chat = state.chats[message.chat_id]
    if not visible(state, chat, message):
        return False
    kind = "channel_post" if chat.kind == "channel" else "message"
    kind = f"edited_{kind}" if message.edited_at is not None else kind
    return state.updates.add(kind, message_json(message, state), chat.id)


def visible(state: State, chat: Chat, message: Message) -> bool:
    """Whether the bot hears of a person's message (Bot FAQ, privacy mode).

    A plain command reaches the bot unless another bot wrote last.
    """
    if chat.private:
        return not chat.blocked
    me = chat.members.get(state.bot.id)
    if me is None or not me.present:
        return False
    if message.from_user is not None and message.from_user.is_bot and message.sender_chat_id is None:
        return False
    if chat.kind == "channel" or me.status == "administrator" or not state.privacy:
        return True
    return message.service is not None or _meant_for_bot(state, chat, message)


def _meant_for_bot(state: State, chat: Chat, message: Message) -> bool:
    target = state.message_of(chat.id, message.reply_to) if message.reply_to else None
    if target is not None and target.by_bot:
        return True
    commands = [each.part(message.text) for each in message.entities if each.type == "bot_command"]
    if any(each.lower().endswith(f"@{state.bot.username}".lower()) for each in commands):
        return True
    plain = any("@" not in each for each in commands)
    return plain and chat.last_bot in (None, state.bot.id)


def report_own(
    state: State,
    chat: Chat,
    content: Mapping[str, object],
    thread_id: int | None = None,
    *,
    silent: bool = False,
    message_id: int | None = None,
) -> Message:
    """Put a service message of the bot's own act into a chat; of these few acts the bot gets an update."""
    number = state.next_message_id(chat) if message_id is None else message_id
    message = Message(number, chat.id, state.clock.now(), state.bot, service=content, silent=silent)
    if chat.kind == "channel":
        message = replace(message, from_user=None, sender_chat_id=chat.id)
    placed = state.put(replace(message, thread_id=thread_id if chat.is_forum else None))
    kind = "channel_post" if chat.kind == "channel" else "message"
    state.updates.add(kind, message_json(placed, state), chat.id)
    return placed


def report_status(state: State, chat: Chat, status: str, *, by: User) -> None:
    """Change the bot's own standing in a chat and tell it so (my_chat_member)."""
    rights = set(ADMIN_RIGHTS) if status == "administrator" else set()
    report_member(state, chat, Member(state.bot, status, rights), by=by)


def report_member(state: State, chat: Chat, after: Member, *, by: User) -> None:
    """Give someone another standing in a chat.

    The bot hears of its own, and of others' as an administrator that asked for chat_member.
    """
    before = chat.members.get(after.user.id) or Member(after.user, "left")
    chat.members[after.user.id] = after
    content = {
        "chat": chat.to_json(),
        "from": by.to_json(),
        "date": int(state.clock.now().timestamp()),
        "old_chat_member": before.to_json(),
        "new_chat_member": after.to_json(),
    }
    if after.user.id == state.bot.id:
        state.updates.add("my_chat_member", content, chat.id)
    elif _leads(state, chat):
        state.updates.add("chat_member", content, chat.id)
    _say_who_came_or_went(state, chat, before, after, by)


def report_reaction(state: State, chat: Chat, message: Message, user: User, old: str, new: str) -> None:
    """Tell the bot, where it leads a group or is alone with the person, of a reaction ("" for none)."""
    if not (chat.private or _leads(state, chat)):
        return
    content = {
        "chat": chat.to_json(),
        "message_id": message.id,
        "user": user.to_json(),
        "date": int(state.clock.now().timestamp()),
        "old_reaction": _reactions(old),
        "new_reaction": _reactions(new),
    }
    state.updates.add("message_reaction", content, chat.id)


def _reactions(emoji: str) -> list[dict[str, str]]:
    return [{"type": "emoji", "emoji": emoji}] if emoji else []


def _leads(state: State, chat: Chat) -> bool:
    me = chat.members.get(state.bot.id)
    return me is not None and me.leads


def _say_who_came_or_went(state: State, chat: Chat, before: Member, after: Member, by: User) -> None:
    """Groups say so in a service message; of the bot's own comings and goings it gets the status alone."""
    if not chat.group or before.present == after.present or after.user.id == state.bot.id:
        return
    person = after.user.to_json()
    content: dict[str, object] = {"left_chat_member": person, "left_chat_participant": person}
    if after.present:
        content = {"new_chat_participant": person, "new_chat_member": person, "new_chat_members": [person]}
    if by.id == state.bot.id:
        report_own(state, chat, content)
    else:
        report(state, state.service(chat, content, from_user=by))
