"""A day of two hundred deploys, its hours moved along: what the bot takes must not grow with what it has done."""

import asyncio
import itertools
from dataclasses import dataclass
from statistics import median

from bench.measuring import Figure, Goal
from bench.observed import REST
from bench.processes import handles, memory, private
from bench.town import APPS, FIRST, Town, town

DEPLOYS, HOURS = 200, 24
AT_ONCE = len(APPS)
ROUNDS = DEPLOYS // AT_ONCE
SETTLED = 5
"""Rounds after which all that is loaded once has been."""
VERSIONS = ("v1.0", "v1.1")
BOTKUBE = 93.0
"""Megabytes; the larger end of what it publishes."""


@dataclass(frozen=True)
class Size:
    """What the bot took after a round: megabytes of its own, and the files and sockets that it held open."""

    private: float
    handles: int


async def measure() -> list[Figure]:
    """All apps are deployed at once, round after round; the first rounds are compared with the last."""
    async with town() as place:
        started = memory(place.process.pid)
        sizes = [await _round(place, number) for number in range(ROUNDS)]
        busy = memory(place.process.pid)
        await asyncio.sleep(2 * REST)
        idle = memory(place.process.pid)
    early, late = sizes[SETTLED : SETTLED * 2], sizes[-SETTLED:]
    grown = median(size.private for size in late) - median(size.private for size in early)
    more = median(size.handles for size in late) - median(size.handles for size in early)
    what, tree = f"{HOURS} hours of {DEPLOYS} deploys", "memory of the process tree (PSS)"
    beside = ("Botkube's published figure", BOTKUBE)
    after = f"after {DEPLOYS} deploys"
    return [
        Figure(f"{tree}, just started", started, "MB", "", None, beside, Goal(most=120)),
        Figure(f"{tree}, idle {after}", idle, "MB", "no Helm worker", None, beside, Goal(most=200)),
        Figure(f"{tree}, at once {after}", busy, "MB", "before Helm's workers rest"),
        Figure(f"{what}: memory grown", max(grown, 0), "MB", "of the bot's own", goal=Goal(most=6)),
        Figure(f"{what}: file handles grown", max(more, 0), "more", "", goal=Goal(most=4)),
    ]


async def _round(place: Town, number: int) -> Size:
    version = VERSIONS[number % len(VERSIONS)]
    async with asyncio.TaskGroup() as group:
        for person, app in zip(itertools.count(FIRST), APPS, strict=False):
            group.create_task(place.deploys(person, app, version))
    await place.tell(f"move {HOURS * 3600 / ROUNDS:.0f}")
    await place.tell("tidy")
    return Size(private(place.process.pid), handles(place.process.pid))
