"""From what people write to what they read, beside a bare python-telegram-bot echo bot, in turns.

Both are processes of their own with an embedded Telegram of their own. Ours stores each update before it is
confirmed, decides whether the person may, and keeps Telegram's pace; the other does none of it.
"""

import asyncio
import itertools
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from bench.bots import ECHO, FIRST, OURS, PEOPLE, UNLIMITED, Bot, configure, started, telegram
from bench.measuring import Figure, Goal, share
from bot.sandbox.telegram import Message

TEXT = "/whoami"
"""What needs no cluster to be answered."""
SINGLE = 200
BURST = 2000
BURSTS = 3
PAUSE = 0.05
"""Seconds between messages: Telegram lets a bot write thirty times a second."""
WITHIN = 120.0


async def measure() -> list[Figure]:
    """One by one, then bursts as after an hour without network."""
    return [*await _one_by_one(), *await _bursts()]


async def _one_by_one() -> list[Figure]:
    people = itertools.cycle(range(FIRST, FIRST + PEOPLE))
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as owned:
        bot, echo = await _both(owned, OURS)
        for number in range(SINGLE + 20):
            for one, found in ((bot, ours), (echo, theirs)):
                took = await _answered(one, [next(people)])
                if number >= 20:  # the first ones warm both up
                    found.append(took)
                await asyncio.sleep(PAUSE)
    return [
        Figure(
            f"update to first reply, {words}",
            share(ours, part),
            "s",
            "from a private message to its answer, over HTTP" if part == 0.5 else "",
            beside=("an echo bot", share(theirs, part)),
            goal=Goal(times=1.3) if part == 0.5 else None,
        )
        for words, part in (("p50", 0.5), ("p99", 0.99))
    ]


async def _bursts() -> list[Figure]:
    everybody = list(itertools.islice(itertools.cycle(range(FIRST, FIRST + PEOPLE)), BURST))
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as owned:
        bot, echo = await _both(owned, UNLIMITED)
        for one in (bot, echo):  # the first ones warm both up
            await _answered(one, everybody[:PEOPLE])
        for _ in range(BURSTS):
            ours.append(BURST / await _answered(bot, everybody))
            theirs.append(BURST / await _answered(echo, everybody))
    return [
        Figure(
            f"updates worked off, a burst of {BURST:,}",
            median(ours),
            "/s",
            "each stored, answered and marked done; its own pace taken off, which the other lacks",
            beside=("an echo bot", median(theirs)),
            goal=Goal(least_times=2),
        )
    ]


async def _both(owned: AsyncExitStack, ours: tuple[str, ...]) -> list[Bot]:
    found = []
    for program in (ours, ECHO):
        folder = Path(owned.enter_context(tempfile.TemporaryDirectory(prefix="pilothouse-bench-")))
        server = await owned.enter_async_context(telegram())
        configure(folder, server)
        found.append(await owned.enter_async_context(started(program, server, folder)))
    return found


async def _answered(bot: Bot, people: list[int]) -> float:
    """Seconds until each of these, who all write at once, has read an answer."""
    left = len(people)
    with bot.telegram.changes() as changes:
        start = time.perf_counter()
        for person in people:
            bot.telegram.says(person, person, TEXT)
        async with asyncio.timeout(WITHIN):
            while left:
                change = await anext(aiter(changes))
                left -= change.kind == "sent" and isinstance(change.what, Message) and change.what.by_bot
    return time.perf_counter() - start
