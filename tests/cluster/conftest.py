"""An embedded cluster and a client of ours on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cluster import Cluster, ClusterAccess
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer


@pytest.fixture
async def server() -> AsyncIterator[KubernetesServer]:
    async with KubernetesServer(pace=Pace.instant()) as server:
        yield server


@pytest.fixture
def access(server: KubernetesServer, tmp_path: Path) -> ClusterAccess:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(server.kubeconfig())
    return ClusterAccess(kubeconfig)


@pytest.fixture
async def cluster(access: ClusterAccess) -> AsyncIterator[Cluster]:
    async with Cluster(access) as cluster:
        await cluster.create("v1", "Namespace", None, {"metadata": {"name": "shop"}})
        yield cluster
