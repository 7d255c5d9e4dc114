"""Rendering a chart by the SDK in workers, beside the command: the first call, which starts one, and those after."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from bench.measuring import Figure, Goal, timed_async
from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm
from tests.control_plane.building import build

CHART = Path(__file__).parents[1] / "charts" / "microservice"
VALUES = {"image": {"repository": "registry.example.org/shop", "tag": "v1.2"}}
BURST, TYPED = 100, 8
"""Renders of ours that are asked for at once, and commands, two of which run at a time as two workers do."""
TURNS = 5


async def measure() -> list[Figure]:
    """The published chart, offline; ours and the command's in turns."""
    archive = await fetch(FolderChart(CHART))
    helm_command = str((await asyncio.to_thread(build, print))["helm"])
    async with Helm() as helm:

        async def render() -> None:
            await helm.render(
                archive,
                VALUES,
                release="shop",
                namespace="shop",
                kube_version="v1.31.0",
                api_versions=("apps/v1", "batch/v1", "v1"),
            )

        async def command() -> None:
            given = ",".join(f"image.{key}={value}" for key, value in VALUES["image"].items())
            words = ("template", "shop", str(CHART), "--namespace", "shop", "--set", given)
            process = await asyncio.create_subprocess_exec(
                helm_command, *words, stdout=asyncio.subprocess.DEVNULL
            )
            assert await process.wait() == 0

        start = time.perf_counter()
        await render()
        first = time.perf_counter() - start
        later = await timed_async(render, 30)
        turns = [(await _rate(render, BURST, BURST), await _rate(command, TYPED, 2)) for _ in range(TURNS)]
    ours, typed = (median(each) for each in zip(*turns, strict=True))
    return [
        Figure("helm: first render", first, "s", "starts the worker"),
        later.figure("helm: render charts/microservice", "a round trip to the worker"),
        Figure(
            f"helm: {BURST} renders at once",
            ours,
            "/s",
            "two workers, two commands at a time",
            beside=("helm template", typed),
            goal=Goal(least_times=20),
        ),
    ]


async def _rate(act: Callable[[], Awaitable[None]], count: int, at_once: int) -> float:
    """How often a second it is done, where it is asked for `count` times, `at_once` at a time."""
    turns = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with turns:
            await act()

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - start)
