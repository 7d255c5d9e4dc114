"""A deploy of twenty objects on a real API server, beside the commands that a person would type.

How long its plan takes, and how long it is from the press that confirms it to Helm's upgrade.
"""

import asyncio
import itertools
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bench.crowd import ENVIRONMENT, Crowd, app, asked, comes_to, crowd
from bench.measuring import Figure, Goal, Times
from bot.helm.client import Helm
from bot.helm.releases import Revision
from bot.outside import OUTSIDE
from bot.sandbox.telegram import Message
from bot.sandbox.world import CHART
from tests.worlds import UNHURRIED, World, unhurried

LARGE = "large"
"""The app, and its namespace and release."""
OBJECTS = 20
VALUES: Mapping[str, Any] = {
    "config": {f"SETTING_{number}": f"value {number}" for number in range(12)},
    "secrets": {"PASSWORD": "a-password-of-nobody"},
    "workloads": {f"part-{number}": {"port": 8080} for number in range(7)},
    "web": {"port": 8080, "disruptionBudget": {"maxUnavailable": 1}},
}
"""Eight Deployments with their Services, and a ConfigMap, Secret, ServiceAccount and PodDisruptionBudget."""
VERSIONS = ("v1.0", "v1.1")
AGAIN = 9


@dataclass
class Starts:
    """When Helm was told to upgrade, and when a release's new revision was first seen in the cluster."""

    told: float = 0.0
    recorded: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def helm(self, **how: Any) -> Helm:
        """A Helm that notes when it is told to."""
        starts = self

        class Noting(Helm):
            """Does what Helm does."""

            async def upgrade(self, *args: Any, **kwargs: Any) -> Revision:
                starts.told = time.perf_counter()
                return await super().upgrade(*args, **kwargs)

        return Noting(**how)

    @asynccontextmanager
    async def watching(self, place: Crowd) -> AsyncIterator[None]:
        """Note when records of the release appear, for as long as the block lasts."""

        async def watch() -> None:
            records = place.api.watch("v1", "Secret", LARGE, labels=f"owner=helm,name={LARGE}")
            async with aclosing(records) as events:
                async for event in events:
                    if event.type == "ADDED":
                        self.recorded = time.perf_counter()
                    self.news.set()

        task = asyncio.create_task(watch())
        try:
            await self.news.wait()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def measure() -> list[Figure]:
    """The release is installed through the chat, then planned and deployed again and again."""
    starts = Starts()
    apps = {LARGE: app(values=["large.yaml"])}
    async with crowd(apps, {"large.yaml": VALUES}) as place:
        unhurried(place.sandbox)
        async with place.bot(UNHURRIED, replace(OUTSIDE, helm=starts.helm)) as world:
            await _pressed(world, VERSIONS[0])
            plans = await _plans(place, world)
            async with starts.watching(place):
                return [*plans, *await _presses(place, world, starts)]


async def _plans(place: Crowd, world: World) -> list[Figure]:
    """Of the version that does not run, in turns with the commands."""
    target, version = world.parts.current.config.target(LARGE, ENVIRONMENT), VERSIONS[1]
    template = _line(place, "helm", "template", *_chart(world, version))
    diff = _line(place, "kubectl", "diff", "--namespace", LARGE, "--filename", "-")

    async def typed() -> None:
        assert await _ran(f"{template} | {diff}") == 1  # there are differences

    async def planned() -> None:
        plan = await world.parts.planner.deploy(target, version, None)
        assert len(plan.objects) == OBJECTS, plan.objects
        assert not plan.trial.is_refused, plan.trial

    async def in_chat() -> None:
        await _planned(world, version)

    commands, plans, answers = await _in_turns(typed, planned, in_chat)
    beside = ("helm template and kubectl diff", commands.middle)
    what = f"plan of a chart of {OBJECTS} objects"
    times = Goal(times=0.2)
    return [
        Figure(what, plans.middle, "s", "the image of eight changes", plans.slow, beside, Goal(most=0.1)),
        Figure(f"{what}: against the commands", plans.middle, "s", "", plans.slow, beside, times),
        Figure(f"{what}: from message to answer", answers.middle, "s", "", answers.slow, beside),
    ]


async def _presses(place: Crowd, world: World, starts: Starts) -> list[Figure]:
    """Each deploys the version that does not run; then the command does, which nobody plans for."""
    told, recorded, typed = [], [], []
    turns = itertools.cycle(reversed(VERSIONS))
    for version in itertools.islice(turns, AGAIN):
        pressed = await _pressed(world, version)
        told.append(starts.told - pressed)
        recorded.append(starts.recorded - pressed)
    for version in itertools.islice(turns, AGAIN):
        began = time.perf_counter()
        assert await _ran(_line(place, "helm", "upgrade", *_chart(world, version))) == 0
        typed.append(starts.recorded - began)
    start, record, beside = Times(tuple(told)), Times(tuple(recorded)), Times(tuple(typed))
    what = f"press to Helm upgrade of {OBJECTS} objects"
    command = ("helm upgrade", beside.middle)
    return [
        Figure(f"{what}: started", start.middle, "s", "planned again", start.slow, goal=Goal(most=0.15)),
        Figure(f"{what}: its revision recorded", record.middle, "s", "", record.slow, command),
    ]


async def _planned(world: World, version: str) -> Message:
    """Ask for a deploy; its plan."""
    return await asked(world, "dana", f"/deploy {LARGE} {version} {ENVIRONMENT}", rf"Plan: {LARGE}")


async def _pressed(world: World, version: str) -> float:
    """Deploy a version through the chat to its end; when its plan was confirmed."""
    plan = await _planned(world, version)
    pressed = time.perf_counter()
    world.telegram.presses(plan.chat_id, plan.chat_id, plan.id, 0, 0)
    await comes_to(world, plan, rf"^✅ {LARGE} → {ENVIRONMENT} {version}")
    return pressed


def _chart(world: World, version: str) -> list[str]:
    """The release, its chart and its values, as words of a command."""
    image = world.sandbox.config.apps[LARGE].image
    given = f"image.repository={image},image.tag={version}"
    values = str(world.sandbox.kubeconfig.parent / "large.yaml")
    return [LARGE, str(CHART), "--namespace", LARGE, "--values", values, "--set", given]


def _line(place: Crowd, name: str, *words: str) -> str:
    return shlex.join(place.command(name, *words))


async def _ran(line: str) -> int:
    """The exit code of a command line; what it prints is for nobody."""
    process = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.DEVNULL)
    return await process.wait()


async def _in_turns(*acts: Callable[[], Awaitable[object]]) -> list[Times]:
    """Time each, one after the other and all again, so that what else the machine does hits all alike."""
    found: list[list[float]] = [[] for _ in acts]
    for turn in range(AGAIN + 1):
        for times, act in zip(found, acts, strict=True):
            start = time.perf_counter()
            await act()
            if turn:  # the first does not count
                times.append(time.perf_counter() - start)
    return [Times(tuple(times)) for times in found]
