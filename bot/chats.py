"""What Telegram has of the configuration's chats: the ids of their names, and the menus in them."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.commands.menus import menus
from bot.config import Config
from bot.current import Current
from bot.telegram.menu import Menus
from bot.telegram.pins import Pins

Resolve = Callable[[Config], Awaitable[dict[str, int]]]
"""Looks up the ids of a configuration's chats."""


class Chats:
    """Looks the chats up, and keeps their menus as the configuration in force wants them."""

    def __init__(
        self,
        current: Current,
        reload: Callable[[Resolve], Awaitable[list[str]]],
        pins: Pins,
        menu: Menus,
    ) -> None:
        """`reload` puts the configuration's files into force; it looks chats up by what it is given."""
        self._current = current
        self._reload = reload
        self._pins = pins
        self._menu = menu
        self._showing = asyncio.Lock()

    async def pin(self) -> None:
        """Look up what the chats' ids are now, and show each its menus."""
        self._current.pin(await self._resolve(self._current.config))
        await self._show_menus()

    async def reload(self) -> list[str]:
        """Put the configuration's files into force; the problems when they are not."""
        problems = await self._reload(self._resolve)
        if not problems:
            await self._show_menus()
        return problems

    async def _resolve(self, config: Config) -> dict[str, int]:
        return await self._pins.resolve({name: chat.id for name, chat in config.chats.items()})

    async def _show_menus(self) -> None:
        """Aside: every command is looked at for every person, in every chat and place."""
        async with self._showing:  # so that the newest come last
            current = self._current
            found = await asyncio.to_thread(lambda: list(menus(current.config, current.policy, current.chat)))
            self._menu.show(found)
