"""What an application said before it died is read of the run that died, whatever has begun since."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from bot.cluster import Cluster, Ref
from bot.rollout.last_words import fetch_last_words

POD = {
    "metadata": {"name": "shop"},
    "spec": {"containers": [{"name": "app", "image": "registry.example.org/shop:v2-crash"}]},
}


async def test_a_restart_while_they_are_fetched_does_not_pass_off_the_new_runs_first_lines(
    cluster: Cluster,
) -> None:
    seen: dict[str, Any] = {}
    await cluster.create("v1", "Pod", "shop", POD)
    async with asyncio.timeout(300), contextlib.aclosing(cluster.watch("v1", "Pod", "shop")) as pods:
        async for event in pods:
            statuses: list[dict[str, Any]] = event.object.get("status", {}).get("containerStatuses") or []
            state = statuses[0]["state"] if statuses else {}
            if "terminated" in state:
                seen = seen or event.object
            if seen and "running" in state:
                break
    words = await fetch_last_words(cluster, "shop", seen, "app")
    assert "KeyError" in words, words
    now = await cluster.get(Ref("v1", "Pod", "shop", "shop"))
    assert now is not None
    assert now["status"]["containerStatuses"][0]["restartCount"] > 0
