"""Updates from an embedded Telegram through the inbox to a handler, each stored before it is confirmed."""

import asyncio
import tempfile
import time

from bench.measuring import Figure, Times
from bot.clock import SystemClock
from bot.sandbox.telegram import Limits, TelegramServer, World
from bot.store.database import Database
from bot.telegram.inbox import Inbox, Incoming
from bot.telegram.polling import Poller
from bot.telegram.transport import connect

TOKEN = "4242:bench"
PERSON = 11
BURST = 1000
ONE_BY_ONE = 100


class Heard:
    """A handler that only counts."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = asyncio.Condition()

    async def handle(self, incoming: Incoming) -> None:
        """One more."""
        async with self._changed:
            self.count += 1
            self._changed.notify_all()

    async def wait_for(self, count: int) -> None:
        """Until so many were heard."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: self.count >= count)


async def measure() -> list[Figure]:
    """One by one, then a burst, as after an hour without network."""
    heard, clock = Heard(), SystemClock()
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        async with (
            TelegramServer(TOKEN, limits=Limits.none()) as server,
            Database(f"sqlite:///{folder}/bot.db") as database,
            connect(lambda: TOKEN, api_url=server.url) as bot,
            Inbox(database, clock, heard.handle) as inbox,
            Poller(bot, inbox, clock),
        ):
            world = server.world
            world.add_private(world.add_user(PERSON, "Dana"))
            single = await _one_by_one(world, heard)
            burst = await _burst(world, heard)
    return [
        single.figure("telegram: from a message to its handler", "long polling, stored first"),
        Figure(
            f"telegram: {BURST} updates at once",
            burst,
            "/s",
            "of many chats, each stored and marked done",
        ),
    ]


async def _one_by_one(world: World, heard: Heard) -> Times:
    found = []
    for number in range(ONE_BY_ONE):
        start = time.perf_counter()
        world.says(PERSON, PERSON, f"/status {number}")
        await heard.wait_for(number + 1)
        found.append(time.perf_counter() - start)
    return Times(tuple(found))


async def _burst(world: World, heard: Heard) -> float:
    before = heard.count
    for number in range(BURST):
        person = 100 + number % 50
        if number < 50:
            world.add_private(world.add_user(person, f"Person {person}"))
        world.says(person, person, f"/status {number}")
    start = time.perf_counter()
    await heard.wait_for(before + BURST)
    return BURST / (time.perf_counter() - start)
