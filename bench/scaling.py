"""A large cluster: a status among thousands of pods, what watching them takes, a wide rollout, many deploys at once.

On a real API server with fake nodes, through the chat where people ask through it.
"""

import asyncio
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from bench.crowd import APPS, ENVIRONMENT, Crowd, crowd, deployment
from bench.measuring import Figure, Goal
from bot.clock import SystemClock
from bot.cluster import Ref
from bot.rollout import Follower, ObjectRef, Rules
from bot.sandbox.telegram import Message
from tests.worlds import UNHURRIED, World, spaced, unhurried

CROWDED, OTHERS = APPS[0], "crowd"
"""The namespace that is full, and the Deployment that fills it."""
PODS, MORE_PODS, WIDE = 5000, 10_000, 200
AGAIN = 10
CHAT = "private dana"
VERSION = "v1.2"


async def measure() -> list[Figure]:
    """Fill a namespace, then ask."""
    async with crowd() as place:
        async with place.bot() as world:
            deploys = await _deploys_at_once(world)
        await place.grow(CROWDED, OTHERS, PODS)
        figures = await _status(place)
        await place.grow(CROWDED, OTHERS, MORE_PODS)
        return [*figures, await _memory(place), *await _wide_rollout(place), deploys]


async def _status(place: Crowd) -> list[Figure]:
    kubectl = await _kubectl(place)
    beside = ("kubectl get pods", kubectl)
    unhurried(place.sandbox)
    async with place.bot(UNHURRIED) as world:
        cold = await _asked(world)
        async with _longest_block() as block:
            again = [await _asked(world) for _ in range(AGAIN)]
    warm, blocked, what = statistics.median(again), max(block), f"/status among {PODS} pods"
    return [
        Figure(f"{what}: first answer", cold, "s", "just started", beside=beside, goal=Goal(most=0.4)),
        Figure(f"{what}: against kubectl", cold, "s", "the same answer", beside=beside, goal=Goal(times=0.5)),
        Figure(f"{what}: asked again", warm, "s", "median of ten", beside=beside, goal=Goal(most=0.05)),
        Figure(
            f"{what}: longest block of the loop",
            blocked,
            "s",
            "with Telegram's server in it",
            goal=Goal(most=0.02),
        ),
    ]


async def _asked(world: World) -> float:
    """Seconds from a person's message to the answer in the chat."""
    await asyncio.sleep(0.2)
    start = time.perf_counter()
    world.dana.says(f"/status {CROWDED} {ENVIRONMENT}", "private")
    await world.sees(re.escape(VERSION), chat=CHAT)
    return time.perf_counter() - start


async def _kubectl(place: Crowd) -> float:
    """Seconds of `kubectl get pods` there, the middle of three."""
    command = [str(place.plane.programs["kubectl"]), f"--kubeconfig={place.plane.kubeconfig}"]
    found = []
    for _ in range(3):
        start = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command, "get", "pods", "--namespace", CROWDED, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
        found.append(time.perf_counter() - start)
    return statistics.median(found)


@asynccontextmanager
async def _longest_block() -> AsyncIterator[list[float]]:
    """How long the event loop did not come to something that was due, for as long as the block lasts."""
    found = [0.0]

    async def look() -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            found.append(time.perf_counter() - due)

    task = asyncio.create_task(look())
    try:
        yield found
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _memory(place: Crowd) -> Figure:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.watching", str(place.plane.kubeconfig), CROWDED, OTHERS),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    note = "private memory of a process that follows them"
    return Figure(f"watching {MORE_PODS} pods", float(told), "MB", note, goal=Goal(most=60))


async def _wide_rollout(place: Crowd) -> list[Figure]:
    """A new version of 200 pods, followed from its first change to its last pod."""
    await place.grow(CROWDED, "wide", WIDE)
    wide = ObjectRef("apps/v1", "Deployment", "wide")
    now, clock = datetime.now(UTC), SystemClock()
    start = time.perf_counter()
    async with Follower(place.api, CROWDED, [wide], rules=Rules(), since=now, clock=clock) as follower:
        new = deployment("wide", WIDE, "v2")
        await place.api.patch(Ref("apps/v1", "Deployment", "wide", CROWDED), {"spec": new["spec"]})
        follower.applied()
        ready = [event.ready async for event in follower if hasattr(event, "ready")]
    assert follower.verdict is not None
    took = time.perf_counter() - start
    what = f"rollout of {WIDE} pods among {MORE_PODS}"
    missed = 0 if follower.verdict.health == "healthy" and ready[-1] == WIDE else 1
    return [
        Figure(what, took, "s", "from the change to the verdict"),
        Figure(f"{what}: missed final states", missed, "of 1", goal=Goal(most=0)),
    ]


async def _deploys_at_once(world: World) -> Figure:
    """All apps, each to a namespace of its own, confirmed one after the other as fast as plans come."""
    start = time.perf_counter()
    for app in APPS:
        world.dana.says(f"/deploy {app} {VERSION} {ENVIRONMENT}", "private")
    async with asyncio.TaskGroup() as group:
        for app in APPS:
            group.create_task(_confirmed(world, app))
    took = time.perf_counter() - start
    return Figure(
        f"{len(APPS)} deploys at once", took, "s", "each planned, confirmed and followed, in one chat"
    )


async def _confirmed(world: World, app: str) -> None:
    plan = await _seen(world, rf"Plan: {app} → {ENVIRONMENT} {VERSION}$")
    world.telegram.presses(world.dana.person.id, plan.chat_id, plan.id, 0, 0)
    await _seen(world, rf"^✅ {app} → {ENVIRONMENT} {VERSION}")


async def _seen(world: World, pattern: str) -> Message:
    chat_id = world.dana.person.id
    with world.telegram.changes() as changes:
        while True:
            for message in world.telegram.messages(chat_id):
                if message.by_bot and re.search(pattern, spaced(message.text), re.MULTILINE):
                    return message
            await anext(aiter(changes))
