"""How late the event loop is while eight people's plans are made at once; the bot is a process of its own."""

import asyncio
from statistics import median

from bench.measuring import Figure, Goal, share
from bench.town import APPS, FIRST, Town, town

VERSION = "v1.2"
TIMES = 5


async def measure() -> list[Figure]:
    """Plan eight apps together, several times; the first does not count: it starts Helm's workers."""
    async with town() as place:
        rounds = [await _planned(place) for _ in range(1 + TIMES)][1:]
        idle = share(await _idle(place), 0.99)
    beside = ("idle", idle)
    slow = median(share(lags, 0.99) for lags in rounds)
    longest = median(max(lags) for lags in rounds)
    what = f"event loop while {len(APPS)} plans render"
    return [
        Figure(f"{what}: late, p99", slow, "s", "in the bot's process", beside=beside, goal=Goal(most=0.02)),
        Figure(f"{what}: late at most", longest, "s"),
    ]


async def _planned(place: Town) -> list[float]:
    await place.tell("lag")
    async with asyncio.TaskGroup() as group:
        for number, app in enumerate(APPS):
            group.create_task(place.plans(FIRST + number, app, VERSION))
    found: list[float] = await place.tell("lags")
    return found


async def _idle(place: Town) -> list[float]:
    await place.tell("lag")
    await asyncio.sleep(2)
    found: list[float] = await place.tell("lags")
    return found
