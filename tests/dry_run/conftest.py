"""The two clusters on which plans are tried: what the embedded one says is what a real one says."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster, Ref
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.dry_run.asking import Place


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.cluster)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A new namespace of each."""
    async with AsyncExitStack() as opened:
        if request.param == "real":
            kubeconfig: Path = request.getfixturevalue("real_kubeconfig")
        else:
            server = await opened.enter_async_context(KubernetesServer(pace=Pace.instant()))
            kubeconfig = tmp_path / "kubeconfig"
            kubeconfig.write_text(server.kubeconfig())
        cluster = await opened.enter_async_context(Cluster(ClusterAccess(kubeconfig)))
        name = f"pilothouse-dry-run-{uuid.uuid4().hex[:10]}"
        await cluster.create("v1", "Namespace", None, {"metadata": {"name": name}})
        yield Place(cluster, name)
        await cluster.delete(Ref("v1", "Namespace", name))
