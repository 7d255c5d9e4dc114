"""A day of two hundred deploys, its hours moved along: what the bot takes must not grow with what it has done."""

import asyncio
import itertools
from dataclasses import dataclass

from bench.measuring import Figure, Goal
from bench.processes import handles, memory, private
from bench.town import APPS, FIRST, Town, town

DEPLOYS, HOURS = 200, 24
AT_ONCE = len(APPS)
ROUNDS = DEPLOYS // AT_ONCE
SETTLED = 5
"""Rounds after which all that is loaded once has been."""
VERSIONS = ("v1.0", "v1.1")


@dataclass(frozen=True)
class Size:
    """What the bot took after a round: megabytes of its own, files it held open, and processes with its own."""

    private: float
    handles: int


async def measure() -> list[Figure]:
    """All apps are deployed at once, round after round; the middle of the first and of the last rounds is compared."""
    async with town() as place:
        started = memory(place.process.pid)
        sizes = [await _round(place, number) for number in range(ROUNDS)]
        idle = memory(place.process.pid)
    early, late = sizes[SETTLED : SETTLED * 2], sizes[-SETTLED:]
    grown = sum(size.private for size in late) / SETTLED - sum(size.private for size in early) / SETTLED
    more = max(size.handles for size in late) - max(size.handles for size in early)
    what = f"{HOURS} hours of {DEPLOYS} deploys"
    botkube = ("Botkube's published figure", 93.0)
    return [
        Figure("memory of the whole process tree (PSS), just started", started, "MB", "", None, botkube),
        Figure("memory of the whole process tree (PSS), idle after deploys", idle, "MB", "", None, botkube),
        Figure(f"{what}: memory grown", grown, "MB", "", goal=Goal(most=3)),
        Figure(f"{what}: file handles grown", more, "more", "", goal=Goal(most=0)),
    ]


async def _round(place: Town, number: int) -> Size:
    version = VERSIONS[number % len(VERSIONS)]
    async with asyncio.TaskGroup() as group:
        for person, app in zip(itertools.count(FIRST), APPS, strict=False):
            group.create_task(place.deploys(person, app, version))
    await place.tell(f"move {HOURS * 3600 / ROUNDS:.0f}")
    await place.tell("tidy")
    return Size(private(place.process.pid), handles(place.process.pid))
