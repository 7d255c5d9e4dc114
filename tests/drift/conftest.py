"""The two clusters that somebody changes by hand, with a new namespace on each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.drift.hands import Hands, hands

NAMESPACE = "pilothouse-drift"


@pytest.fixture
async def real(real_kubeconfig: Path, real_namespace: str) -> AsyncIterator[Hands]:
    async with hands(real_kubeconfig, real_namespace) as found:
        yield found


@pytest.fixture
async def embedded(tmp_path: Path, real_kubeconfig: Path) -> AsyncIterator[Hands]:
    """Where a real one can be had: kubectl is its."""
    async with KubernetesServer(pace=Pace.instant()) as server:
        path = tmp_path / "kubeconfig"
        path.write_text(server.kubeconfig())
        async with hands(path, NAMESPACE) as found:
            await found.place.cluster.create("v1", "Namespace", None, {"metadata": {"name": NAMESPACE}})
            yield found


@pytest.fixture(params=["real", "embedded"])
def someone(request: pytest.FixtureRequest) -> Hands:
    """On either of them."""
    found: Hands = request.getfixturevalue(request.param)
    return found
