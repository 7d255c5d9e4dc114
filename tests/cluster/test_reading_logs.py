"""Logs of any size: the newest lines, in bounded memory."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cluster import Cluster, ClusterRefused
from bot.sandbox.kubernetes.cluster import KubernetesServer

MEGABYTE = 1 << 20
POD = {
    "metadata": {"name": "shop-x2k4p"},
    "spec": {
        "containers": [{"name": "web", "image": "shop:v1", "imagePullPolicy": "Never"}],
        "nodeName": "worker-1",
    },
}
"""It never starts, so that nothing is written but what a test writes."""


async def talkative(cluster: Cluster, server: KubernetesServer, *lines: str) -> None:
    """A pod whose container has written these lines."""
    pod = await cluster.create("v1", "Pod", "shop", POD)
    for line in lines:
        server.pod_logs.append("shop", pod["metadata"]["uid"], "web", 0, line, datetime.now(UTC))


async def test_of_long_lines_there_are_fewer_and_the_newest(
    cluster: Cluster, server: KubernetesServer
) -> None:
    lines = [f"{number} {'x' * 2000}" for number in range(4000)]
    await talkative(cluster, server, *lines)
    found = (await cluster.logs("shop", "shop-x2k4p", tail=4000)).splitlines()
    assert found[-1] == lines[-1]
    assert found == lines[-len(found) :]
    assert 100 < sum(map(len, found)) // 2000 < 525


async def test_a_line_that_is_longer_than_a_megabyte_is_cut(
    cluster: Cluster, server: KubernetesServer
) -> None:
    await talkative(cluster, server, "first", "x" * 3 * MEGABYTE)
    found = await cluster.logs("shop", "shop-x2k4p", tail=2)
    assert MEGABYTE - 1024 < len(found) < MEGABYTE
    assert set(found) == {"x"}


async def test_a_pod_that_is_gone_is_refused_in_the_clusters_words(cluster: Cluster) -> None:
    with pytest.raises(ClusterRefused, match="shop-x2k4p") as refused:
        await cluster.logs("shop", "shop-x2k4p")
    assert refused.value.code == 404


async def test_a_list_may_end_early(cluster: Cluster) -> None:
    for number in range(5):
        await cluster.create("v1", "Secret", "shop", {"metadata": {"name": f"map-{number}"}})
    found = await cluster.list("v1", "Secret", "shop", most=3)
    assert [each["metadata"]["name"] for each in found] == ["map-0", "map-1", "map-2"]
