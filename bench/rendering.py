"""Rendering a chart by Helm's SDK in a worker: the first call, which starts the process, and those after it."""

import asyncio
import time
from pathlib import Path

from bench.measuring import Figure, timed_async
from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm

CHART = Path(__file__).parents[1] / "charts" / "microservice"
VALUES = {"image": {"repository": "registry.example.org/shop", "tag": "v1.2"}}
BURST = 100


async def measure() -> list[Figure]:
    """The published chart, offline."""
    archive = await fetch(FolderChart(CHART))
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

        start = time.perf_counter()
        await render()
        first = time.perf_counter() - start
        later = await timed_async(render, 30)
        start = time.perf_counter()
        await asyncio.gather(*(render() for _ in range(BURST)))
        each = BURST / (time.perf_counter() - start)
    return [
        Figure("helm: first render", first, "s", "starts the worker"),
        later.figure("helm: render charts/microservice", "a round trip to the worker"),
        Figure(f"helm: {BURST} renders at once", each, "/s", "two workers"),
    ]
