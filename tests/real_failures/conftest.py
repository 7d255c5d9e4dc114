"""One client and one namespace for most of these tests, which tell their objects apart by name."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.access import ClusterAccess
from bot.cluster import Cluster, Ref
from bot.helm.client import Helm
from tests.control_plane.running import ControlPlane
from tests.real_failures.following import Place
from tests.real_failures.releases import Releases


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(control_plane: ControlPlane) -> AsyncIterator[Cluster]:
    """The administrator of the control plane whose nodes are played."""
    async with Cluster(ClusterAccess(control_plane.kubeconfig)) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def place(admin: Cluster) -> AsyncIterator[Place]:
    """The namespace that is shared."""
    async with new_place(admin) as place:
        yield place


@pytest_asyncio.fixture(loop_scope="session")
async def own_place(admin: Cluster) -> AsyncIterator[Place]:
    """A namespace of the test's own."""
    async with new_place(admin) as place:
        yield place


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def helm() -> AsyncIterator[Helm]:
    """One Helm for all."""
    async with Helm() as helm:
        yield helm


@pytest.fixture
def releases(helm: Helm, control_plane: ControlPlane, place: Place, tmp_path: Path) -> Releases:
    """Releases in the namespace that is shared."""
    return Releases(helm, control_plane, place, tmp_path)


@contextlib.asynccontextmanager
async def new_place(cluster: Cluster) -> AsyncIterator[Place]:
    """A namespace in which pods may be made: its default account is there."""
    place = Place(cluster, f"pilothouse-failures-{uuid.uuid4().hex[:10]}")
    await cluster.create("v1", "Namespace", None, {"metadata": {"name": place.namespace}})
    try:
        await place.until("v1", "ServiceAccount", lambda it: it["metadata"]["name"] == "default")
        yield place
    finally:
        await cluster.delete(Ref("v1", "Namespace", place.namespace))
