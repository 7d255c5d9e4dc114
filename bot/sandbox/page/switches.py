"""Switches to play with: each breaks one part of the world while it is on, and mends it when it is off again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from bot.config import App, Config
from bot.images import versions
from bot.images.references import parse_repository
from bot.sandbox.page.guard import Refused
from bot.sandbox.servers import ALIAS
from bot.sandbox.telegram import World as Telegram
from bot.sandbox.telegram.faults import Fault
from bot.sandbox.telegram.methods import METHODS
from bot.sandbox.world import World

JSON = dict[str, Any]
Turn = Callable[[bool], Awaitable[None]]

_RETRY_AFTER: Final = 20
"""Seconds for which Telegram sends the bot away."""
_REFUSED: Final = METHODS.keys() - {"getupdates"}
"""The bot goes on hearing what people say, and cannot answer."""


class Bot(Protocol):
    """The bot's process, which can be held down."""

    up: bool
    on_up: Callable[[bool], None] | None
    """Called whenever `up` changes."""

    async def hold(self) -> None:
        """Kill it as by -9 and leave it dead."""

    async def release(self) -> None:
        """Start it again; returns once it is up. Raises: BotEnded where it does not come up."""


@dataclass
class Switch:
    """One of them."""

    name: str
    title: str
    note: str
    turn: Turn = field(repr=False)
    on: bool = False
    turning: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def shown(self) -> JSON:
        """What the page is told of it."""
        return {"name": self.name, "title": self.title, "note": self.note, "on": self.on}


class Switches:
    """All of them. `tell` is told how they stand whenever one has been turned."""

    def __init__(self, switches: Iterable[Switch], tell: Callable[[JSON], None]) -> None:
        self._switches = {each.name: each for each in switches}
        self._tell = tell

    def now(self) -> JSON:
        """What the page is told."""
        return {"type": "switches", "switches": [each.shown() for each in self._switches.values()]}

    async def turn(self, name: str, *, on: bool) -> None:
        """Turn one on or off. Raises: Refused where there is none, NotAsTold where it cannot be done."""
        switch = self._switches.get(name)
        if switch is None:
            raise Refused(404, f"There is no switch called {name}")
        async with switch.turning:
            if switch.on != on:
                await switch.turn(on)
                switch.on = on
                self._tell(self.now())


def switches_of(world: World, bot: Bot, config: Config) -> list[Switch]:
    """Those that a sandbox has."""
    images = [_image(world, app) for app in config.apps.values() if app.image]
    return [
        *[each for each in images if each is not None],
        _cluster(world),
        _telegram(world.servers.telegram.world),
        _bot(bot),
    ]


def _image(world: World, app: App) -> Switch | None:
    """The newest version, as the bot offers it, crashes at its next start."""
    name = parse_repository(app.image).name if app.image else ""
    rule = versions.TagRule(app.tags.pattern, app.tags.order)
    offered = versions.order(world.servers.registry.tags(name), rule)
    if not offered:
        return None
    reference = f"{ALIAS}/{name}:{offered[0]}"

    async def turn(on: bool) -> None:
        await world.hands.set_image(reference, "crash" if on else "ok")

    title = f"Break {app.name} {offered[0]}"
    return Switch(f"image:{app.name}", title, "What starts from now on crashes", turn)


def _cluster(world: World) -> Switch:
    async def turn(on: bool) -> None:
        if on:
            await world.hands.cluster_down(None, None)
        else:
            await world.hands.cluster_up()

    return Switch("cluster", "Take the cluster away", "Its API server does not answer", turn)


def _telegram(telegram: Telegram) -> Switch:
    faults = telegram.state.faults
    on_now: list[Fault] = []

    async def turn(on: bool) -> None:
        if on:
            on_now.append(faults.refuse(429, retry_after=_RETRY_AFTER, seconds=None, methods=_REFUSED))
        else:
            faults.lift(on_now.pop())

    note = f"The bot gets 429: back in {_RETRY_AFTER} s"
    return Switch("telegram", "Make Telegram refuse", note, turn)


def _bot(bot: Bot) -> Switch:
    async def turn(on: bool) -> None:
        await (bot.hold() if on else bot.release())

    return Switch("bot", "Kill the bot", "By -9, until this is off again", turn)
