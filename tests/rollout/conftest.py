"""An embedded cluster whose images behave as their tags say, and a namespace to deploy into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cluster import Cluster, ClusterAccess
from bot.sandbox.kubernetes.behaviour import Behaviour, Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer

BEHAVIOURS: tuple[Behaviour, ...] = ("crash", "oom", "slow")


def behaves(image: str) -> Behaviour:
    tag = image.rpartition(":")[2]
    return next((it for it in BEHAVIOURS if it in tag), "ok")


@pytest.fixture
async def server() -> AsyncIterator[KubernetesServer]:
    pace = Pace(
        schedule=0.01, pull=0.01, start=0.01, ready=0.05, crash=0.05, back_off=0.1, back_off_max=0.2, job=0.05,
        terminate=0.01,
    )  # fmt: skip
    async with KubernetesServer(
        behaviour=behaves, image_exists=lambda image: "missing" not in image, pace=pace
    ) as server:
        yield server


@pytest.fixture
async def cluster(server: KubernetesServer, tmp_path: Path) -> AsyncIterator[Cluster]:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(server.kubeconfig())
    async with Cluster(ClusterAccess(kubeconfig)) as cluster:
        await cluster.create("v1", "Namespace", None, {"metadata": {"name": "shop"}})
        yield cluster
