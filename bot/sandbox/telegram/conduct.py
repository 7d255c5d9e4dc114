"""What people can do where: the checks behind the acts of `world`, which raise Impossible."""

from __future__ import annotations

from bot.sandbox.telegram.chats import ANONYMOUS_ADMIN, CHANNEL_BOT, Chat, User, allowed
from bot.sandbox.telegram.errors import Impossible
from bot.sandbox.telegram.kinds import Kind


def check_may_write(chat: Chat, person: User, topic: int | None, kind: Kind) -> None:
    """Writing to a bot starts it, and unblocks it."""
    if chat.private:
        chat.started, chat.blocked = True, False
        return
    if chat.migrated_to is not None:
        raise Impossible(f"Chat {chat.id} has become {chat.migrated_to}")
    if topic is not None and topic not in chat.topics:
        raise Impossible(f"There is no topic {topic} in {chat.title}")
    if chat.kind == "channel":
        return
    check_present(chat, person)
    member = chat.members[person.id]
    if not member.leads and not allowed(chat, member, kind.permission):
        raise Impossible(f"{person.first_name} may not send {kind.plural} in {chat.title}")


def check_present(chat: Chat, person: User) -> None:
    """Only who is in a group acts there."""
    member = chat.members.get(person.id)
    if member is None or not member.present:
        raise Impossible(f"{person.first_name} is no member of {chat.title}")


def sender(
    chat: Chat, person: User, *, anonymous: bool, channel: int | None
) -> tuple[User | None, int | None]:
    """Under whose name a message stands: the user, and the chat where it is a chat's."""
    if chat.kind == "channel":
        return None, chat.id
    if anonymous:
        return ANONYMOUS_ADMIN, chat.id
    if channel is not None:
        return CHANNEL_BOT, channel
    return person, None
