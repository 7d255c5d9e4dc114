"""Who is in a chat, and what they may do there."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.telegram.chats import ADMIN_RIGHTS, PERMISSIONS, Chat, Member, User
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.parameters import Parameters
from bot.sandbox.telegram.reporting import report_member, report_status

_SHORTEST, _LONGEST = 30, 366 * 24 * 3600
"""Seconds outside which a ban or restriction is for ever (Bot API, until_date)."""


@method("getChatMember")
def get_chat_member(call: Call) -> object:
    """ChatMember; someone who never was in a supergroup or channel counts as having left."""
    chat = call.chat(reading=True)
    user = _user(call)
    if chat.private:
        if user.id not in (chat.id, call.state.bot.id):
            raise bad("member not found")
        return Member(user).to_json()
    if user.id not in chat.members and chat.kind == "group":
        raise bad("member not found")
    return (chat.members.get(user.id) or Member(user, "left")).to_json()


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> object:
    """The chat's administrators and creator."""
    chat = call.chat(reading=True)
    if chat.private:
        raise bad("there are no administrators in the private chat")
    return [each.to_json() for each in chat.members.values() if each.leads]


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> object:
    """How many are in the chat, the bot included."""
    chat = call.chat(reading=True)
    return 2 if chat.private else sum(each.present for each in chat.members.values())


@method("leaveChat")
def leave_chat(call: Call) -> object:
    """Leave a group or channel."""
    chat = call.chat()
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    report_status(call.state, chat, "left", by=call.state.bot)
    return True


@method("banChatMember")
def ban_chat_member(call: Call) -> object:
    """Throw someone out, until a time or for ever."""
    chat, user = _managed(call, "restrict/unrestrict chat member", "can_restrict_members")
    report_member(call.state, chat, Member(user, "kicked", until=_until(call)), by=call.state.bot)
    return True


@method("unbanChatMember")
def unban_chat_member(call: Call) -> object:
    """Let someone in again; who is in there goes, unless `only_if_banned`."""
    chat, user = _managed(call, "restrict/unrestrict chat member", "can_restrict_members")
    banned = chat.members.get(user.id, Member(user, "left")).status == "kicked"
    if banned or not call.parameters.boolean("only_if_banned"):
        report_member(call.state, chat, Member(user, "left"), by=call.state.bot)
    return True


@method("restrictChatMember")
def restrict_chat_member(call: Call) -> object:
    """Say what someone may do, until a time or for ever; all of it lifts the restriction."""
    chat, user = _managed(call, "restrict/unrestrict chat member", "can_restrict_members", super_group=True)
    rights = _permissions(call)
    status = "member" if rights == set(PERMISSIONS) else "restricted"
    kept = rights if status == "restricted" else set()
    report_member(call.state, chat, Member(user, status, kept, _until(call)), by=call.state.bot)
    return True


@method("promoteChatMember")
def promote_chat_member(call: Call) -> object:
    """Make someone an administrator with these rights; with none of them, a member again."""
    chat, user = _managed(
        call, "promote/demote chat member", "can_promote_members", super_group=True, lead=True
    )
    rights = {each for each in ADMIN_RIGHTS if call.parameters.boolean(each)}
    status = "administrator" if rights else "member"
    report_member(call.state, chat, Member(user, status, rights), by=call.state.bot)
    return True


@method("setChatPermissions")
def set_chat_permissions(call: Call) -> object:
    """Say what all members may do."""
    chat = call.chat()
    if chat.private:
        raise bad("can't change private chat permissions")
    if not call.me(chat).may("can_restrict_members"):
        raise bad("not enough rights to change chat permissions")
    denied = set(PERMISSIONS) - _permissions(call)
    if denied == chat.denied:
        raise bad("CHAT_NOT_MODIFIED")
    chat.denied = denied
    return True


def _user(call: Call) -> User:
    user = call.state.users.get(call.parameters.integer("user_id"))
    if user is None:
        raise bad("invalid user_id specified")
    return user


def _managed(
    call: Call, act: str, right: str, *, super_group: bool = False, lead: bool = False
) -> tuple[Chat, User]:
    """The chat, and the one whose standing changes there; `lead` where that may be an administrator."""
    chat = call.chat()
    user = _user(call)
    if chat.private:
        raise bad("can't ban members in private chats")
    if super_group and chat.kind == "group":
        raise bad("method is available only for supergroups")
    if not call.me(chat).may(right):
        raise bad(f"not enough rights to {act}")
    if user.id == call.state.bot.id:
        raise bad("can't restrict self")
    member = chat.members.get(user.id)
    if member is not None and member.status == "creator":
        raise bad("can't remove chat owner")
    if member is not None and member.leads and not lead:
        raise bad("user is an administrator of the chat")
    return chat, user


def _until(call: Call) -> int:
    until = call.parameters.integer("until_date")
    seconds = until - call.state.clock.now().timestamp()
    return until if _SHORTEST <= seconds <= _LONGEST else 0


def _permissions(call: Call) -> set[str]:
    try:
        given = call.parameters.json("permissions")
    except (KeyError, ValueError):
        raise bad("can't parse permissions JSON object") from None
    if not isinstance(given, Mapping):
        raise bad("object expected as permissions")
    listed = Parameters({name: str(value) for name, value in given.items()})
    return {each for each in PERMISSIONS if listed.boolean(each)}
