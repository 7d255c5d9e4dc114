"""Menus are brought up to date in their own time, as slowly as Telegram asks, over restarts too."""

import asyncio
import json
from collections.abc import Callable

from telegram import Bot

from bot.clock import SystemClock
from bot.sandbox.telegram import World
from bot.store.database import Database
from bot.telegram.menu import Menu, Menus
from tests.telegram.conftest import DANA, LEE, TEAM

HELP = (("help", "What there is"),)


def scopes(world: World) -> set[str]:
    return {scope for scope, _ in world.state.commands}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not holds():
            await asyncio.sleep(0.02)


async def test_what_telegram_puts_off_is_done_later(bot: Bot, database: Database, world: World) -> None:
    world.state.faults.refuse(429, retry_after=1, seconds=0.6, methods=["setMyCommands", "deleteMyCommands"])
    async with Menus(bot, database, SystemClock()) as menus:
        menus.show([Menu(DANA, HELP), Menu(TEAM, HELP, LEE)])
        await until(lambda: len(scopes(world)) == 2)


async def test_a_refused_menu_holds_up_no_other(bot: Bot, database: Database, world: World) -> None:
    async with Menus(bot, database, SystemClock()) as menus:
        menus.show([Menu(999, HELP), Menu(DANA, HELP)])
        await until(lambda: scopes(world) == {json.dumps(["chat", DANA])})


async def test_menus_that_an_earlier_run_set_are_removed(bot: Bot, database: Database, world: World) -> None:
    async with Menus(bot, database, SystemClock()) as menus:
        menus.show([Menu(DANA, HELP), Menu(TEAM, HELP, LEE)])
        await until(lambda: len(scopes(world)) == 2)
    async with Menus(bot, database, SystemClock()) as menus:
        menus.show([Menu(DANA, HELP)])
        await until(lambda: scopes(world) == {json.dumps(["chat", DANA])})
