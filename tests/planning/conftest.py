"""A cluster to look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.planning.objects import NAMESPACE


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    """One with nothing in it but the namespace that the objects of these tests are in."""
    async with KubernetesServer(pace=Pace.instant()) as server:
        (tmp_path / "kubeconfig").write_text(server.kubeconfig())
        async with Cluster(ClusterAccess(tmp_path / "kubeconfig")) as cluster:
            await cluster.create("v1", "Namespace", None, {"metadata": {"name": NAMESPACE}})
            yield cluster
