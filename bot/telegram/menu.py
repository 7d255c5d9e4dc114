"""The list of commands that Telegram shows: per chat and person, only what they may do there.

A menu is a convenience: it is brought up to date in its own time, and nobody waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

import structlog
from sqlalchemy import delete, select
from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatMember, BotCommandScopeDefault
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.clock import Clock
from bot.store.database import Database
from bot.store.tables import ChatRow
from bot.telegram.transport import seconds

log = structlog.get_logger(__name__)

MOST = 100
DESCRIPTION = 256
PAUSE = 0.2
"""Seconds between two calls: messages to people come first."""
AGAIN = 30.0
"""Seconds until a call is made again that Telegram did not answer."""
_PREFIX = "menu:"

Commands = tuple[tuple[str, str], ...]
Scope = tuple[int, int | None]
"""A chat, and a person in it."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands, as (name, description), of a chat, or of one person in a group."""

    chat_id: int
    commands: Commands
    person_id: int | None = None


class Menus:
    """Keeps Telegram's menus as they should be; `async with` owns the task that does it.

    Which there are is remembered over restarts, so that those of who left are removed.
    """

    def __init__(self, bot: Bot, database: Database, clock: Clock) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._wanted: Mapping[Scope, Commands] = {}
        self._shown: dict[Scope, Commands] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="menus")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def show(self, menus: Iterable[Menu]) -> None:
        """Show these menus from now on, and none to anyone else."""
        self._wanted = {(menu.chat_id, menu.person_id): menu.commands[:MOST] for menu in menus}
        self._changed.set()

    async def _run(self) -> None:
        await self._changed.wait()
        await self._call(partial(self._bot.delete_my_commands, BotCommandScopeDefault()))
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._bring()
            except Exception:
                log.exception("the menus could not be brought up to date")

    async def _bring(self) -> None:
        """Remove what is gone and set what is new or different, until something else is wanted."""
        wanted = self._wanted
        for scope in await self._remembered() - wanted.keys():
            await self._call(partial(self._bot.delete_my_commands, _telegram(scope)), scope)
            await self._forget(scope)
            if self._changed.is_set():
                return
        await self._remember(wanted)
        for scope, commands in wanted.items():
            if self._shown.get(scope) == commands:
                continue
            shown = [BotCommand(name, words[:DESCRIPTION]) for name, words in commands]
            await self._call(partial(self._bot.set_my_commands, shown, _telegram(scope)), scope)
            self._shown[scope] = commands
            if self._changed.is_set():
                return

    async def _call(self, make: Callable[[], Awaitable[object]], scope: Scope | None = None) -> None:
        """Make a call as often as it takes; a refusal is logged and final."""
        while True:
            await self._clock.sleep(PAUSE)
            try:
                await make()
                return
            except RetryAfter as error:
                await self._clock.sleep(seconds(error))
            except BadRequest as error:
                log.info("a menu can't be set", scope=scope, error=str(error))
                return
            except NetworkError as error:
                log.info("a menu is set later", scope=scope, error=str(error))
                await self._clock.sleep(AGAIN)
            except TelegramError as error:
                log.info("a menu can't be set", scope=scope, error=str(error))
                return

    async def _remembered(self) -> set[Scope]:
        async with self._database.read() as session:
            names = await session.scalars(select(ChatRow.name).where(ChatRow.name.startswith(_PREFIX)))
            return {_scope(name) for name in names}

    async def _remember(self, scopes: Iterable[Scope]) -> None:
        """Before they are set, so that none is left behind by a crash."""
        async with self._database.write() as session:
            for scope in scopes:
                await session.merge(ChatRow(name=_name(scope), chat_id=scope[0]))

    async def _forget(self, scope: Scope) -> None:
        self._shown.pop(scope, None)
        async with self._database.write() as session:
            await session.execute(delete(ChatRow).where(ChatRow.name == _name(scope)))


def _telegram(scope: Scope) -> BotCommandScopeChat | BotCommandScopeChatMember:
    chat_id, person_id = scope
    if person_id is None:
        return BotCommandScopeChat(chat_id)
    return BotCommandScopeChatMember(chat_id, person_id)


def _name(scope: Scope) -> str:
    chat_id, person_id = scope
    return f"{_PREFIX}{chat_id}:{person_id or ''}"


def _scope(name: str) -> Scope:
    chat_id, _, person_id = name.removeprefix(_PREFIX).partition(":")
    return int(chat_id), int(person_id) if person_id else None
