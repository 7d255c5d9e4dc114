"""For whom a command menu is meant (Bot API, BotCommandScope), written as one string each."""

from __future__ import annotations

import json

from bot.sandbox.telegram.chats import Chat

WIDE = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
NARROW = ("chat", "chat_administrators", "chat_member")
"""Those that name a chat."""


def scope(kind: str, *ids: int) -> str:
    """The scope of a kind, for a chat (and a person in it) where it is narrow."""
    return json.dumps([kind, *ids]) if ids else kind


def scopes_of(chat: Chat, user_id: int, *, leads: bool) -> list[str]:
    """The scopes whose menu someone sees there, the first that has one wins."""
    if chat.private:
        return [scope("chat", chat.id), "all_private_chats", "default"]
    narrow = [scope("chat_member", chat.id, user_id)]
    narrow += [scope("chat_administrators", chat.id)] if leads else []
    wide = [*(["all_chat_administrators"] if leads else []), "all_group_chats", "default"]
    return [*narrow, scope("chat", chat.id), *wide]
