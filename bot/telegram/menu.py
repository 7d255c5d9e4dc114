"""The list of commands that Telegram shows: per chat and person, only what they may do there."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatMember, BotCommandScopeDefault
from telegram.error import TelegramError

log = structlog.get_logger(__name__)

MOST = 100
DESCRIPTION = 256


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands, as (name, description), of a chat, or of one person in a group."""

    chat_id: int
    commands: tuple[tuple[str, str], ...]
    person_id: int | None = None


async def set_menus(bot: Bot, menus: Sequence[Menu]) -> None:
    """Show these menus and none to anyone else. A chat that refuses is logged: a menu is a convenience."""
    try:
        await bot.delete_my_commands(BotCommandScopeDefault())
    except TelegramError as error:
        log.warning("the menu for strangers can't be removed", error=str(error))
    for menu in menus:
        scope = (
            BotCommandScopeChat(menu.chat_id)
            if menu.person_id is None
            else BotCommandScopeChatMember(menu.chat_id, menu.person_id)
        )
        commands = [BotCommand(name, words[:DESCRIPTION]) for name, words in menu.commands[:MOST]]
        try:
            await bot.set_my_commands(commands, scope)
        except TelegramError as error:
            log.info("a menu can't be set", chat=menu.chat_id, person=menu.person_id, error=str(error))
