"""The bot's own face: getMe, its command menus by scope, its name and descriptions, logOut and close."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.sandbox.telegram.errors import bad, flooded
from bot.sandbox.telegram.methods.calls import Call, method
from bot.sandbox.telegram.parameters import as_integer
from bot.sandbox.telegram.scopes import NARROW, WIDE, scope

_CLOSE_AFTER = 600


@method("getMe")
def get_me(call: Call) -> object:
    """The bot."""
    return dict(call.state.bot.to_json()) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not call.state.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


@method("setMyCommands")
def set_my_commands(call: Call) -> object:
    """Set the menu of one scope and language."""
    try:
        given = call.parameters.json("commands")
    except (KeyError, ValueError):
        raise bad("can't parse commands JSON object") from None
    if not isinstance(given, list):
        raise bad("expected an Array of BotCommand")
    if len(given) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    call.state.commands[_scope(call)] = [_command(each) for each in given]
    return True


@method("getMyCommands")
def get_my_commands(call: Call) -> object:
    """The menu of exactly this scope and language; empty where none was set."""
    return call.state.commands.get(_scope(call), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> object:
    """Drop the menu of one scope and language."""
    call.state.commands.pop(_scope(call), None)
    return True


@method("setMyName")
def set_my_name(call: Call) -> object:
    """The bot's name, at most 64 characters."""
    return _set(call, "name", 64)


@method("getMyName")
def get_my_name(call: Call) -> object:
    """The bot's name in a language."""
    return {"name": _get(call, "name") or call.state.bot.first_name}


@method("setMyDescription")
def set_my_description(call: Call) -> object:
    """What an empty chat shows, at most 512 characters."""
    return _set(call, "description", 512)


@method("getMyDescription")
def get_my_description(call: Call) -> object:
    """What an empty chat shows in a language."""
    return {"description": _get(call, "description")}


@method("setMyShortDescription")
def set_my_short_description(call: Call) -> object:
    """What the bot's profile shows, at most 120 characters."""
    return _set(call, "short_description", 120)


@method("getMyShortDescription")
def get_my_short_description(call: Call) -> object:
    """What the bot's profile shows in a language."""
    return {"short_description": _get(call, "short_description")}


@method("logOut")
def log_out(call: Call) -> object:
    """Leave the cloud server: nothing to do for one that is not."""
    call.state.updates.clear()
    return True


@method("close")
def close(call: Call) -> object:
    """Close the bot's instance, not before ten minutes after it was opened."""
    age = call.state.clock.monotonic() - call.state.opened_at
    if age < _CLOSE_AFTER:
        raise flooded(int(_CLOSE_AFTER - age))
    return True


def _scope(call: Call) -> tuple[str, str]:
    language = call.parameters.text("language_code")
    if language and not re.fullmatch("[a-z]{2}", language):
        raise bad("invalid language code specified")
    if not call.parameters.text("scope"):
        return "default", language
    try:
        given = call.parameters.json("scope")
    except ValueError:
        raise bad("can't parse BotCommandScope JSON object") from None
    if not isinstance(given, Mapping):
        raise bad("can't parse BotCommandScope: expected an Object")
    kind = str(given.get("type", ""))
    if kind in WIDE:
        return scope(kind), language
    if kind not in NARROW:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    return _chat_scope(call, kind, given), language


def _chat_scope(call: Call, kind: str, given: Mapping[str, object]) -> str:
    chat = call.named_chat(str(given.get("chat_id", "")))
    if kind != "chat_member":
        return scope(kind, chat.id)
    user_id = as_integer(given.get("user_id"))
    if user_id not in call.state.users:
        raise bad("can't parse BotCommandScope: invalid user_id specified")
    return scope(kind, chat.id, user_id)


def _command(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise bad("expected an Object as BotCommand")
    name = str(given.get("command") or "").strip().removeprefix("/").lower()
    description = str(given.get("description") or "").strip()
    if not name:
        raise bad("command must be non-empty")
    if len(name) > 32:
        raise bad("command length must not exceed 32")
    if not description:
        raise bad("command description must be non-empty")
    if len(description) > 256:
        raise bad("command description length must not exceed 256")
    if not re.fullmatch("[a-z0-9_]+", name):
        raise bad("BOT_COMMAND_INVALID")
    return {"command": name, "description": description}


def _set(call: Call, what: str, longest: int) -> bool:
    text = call.parameters.text(what)
    if len(text) > longest:
        raise bad(f"{what.replace('_', ' ')} is too long")
    call.state.profile[(what, call.parameters.text("language_code"))] = text
    return True


def _get(call: Call, what: str) -> str:
    profile = call.state.profile
    return profile.get((what, call.parameters.text("language_code"))) or profile.get((what, ""), "")
