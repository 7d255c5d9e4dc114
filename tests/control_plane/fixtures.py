"""Fixtures of tests that run on a real Kubernetes; loaded as a plugin for all folders."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.cluster.discovery import Ref
from tests.control_plane.building import found
from tests.control_plane.running import ControlPlane
from tests.control_plane.running import control_plane as control_plane_of
from tests.control_plane.sharing import shared
from tests.go_programs import to_be_had

GIVEN = "PILOTHOUSE_TEST_KUBECONFIG"
"""What `make test-cluster KUBECONFIG=...` sets: a cluster that was named on purpose, never one that happens to be
configured on a developer's machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on a real API server, so that `make test-cluster` can choose it."""
    for item in items:
        if {"control_plane", "real_kubeconfig", "bare_plane"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("cluster")


@pytest.fixture(scope="session")
def programs() -> Mapping[str, Path]:
    """kubectl, Helm's command line and the others, for whatever cluster."""
    with to_be_had():
        return found()


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Our own control plane, which all workers of a run share: use namespaces and names of your own."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with to_be_had(), shared(folder / "control-plane") as plane:
        yield plane


@pytest.fixture(scope="session")
def bare_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane without nodes, which this worker has for itself."""
    with to_be_had(), control_plane_of(found(), tmp_path_factory.mktemp("bare-plane")) as plane:
        yield plane


@pytest.fixture(scope="session")
def other_bare_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One more of these."""
    with to_be_had(), control_plane_of(found(), tmp_path_factory.mktemp("other-bare-plane")) as plane:
        yield plane


@pytest.fixture(scope="session")
def real_kubeconfig(request: pytest.FixtureRequest) -> Path:
    """An administrator's kubeconfig of a real cluster: the one that was given, else our own control plane's."""
    given = os.environ.get(GIVEN)
    if given:
        return Path(given)
    plane: ControlPlane = request.getfixturevalue("control_plane")
    return plane.kubeconfig


@pytest.fixture
async def real_cluster(real_kubeconfig: Path) -> AsyncIterator[Cluster]:
    """A client of ours on the real cluster, as its administrator."""
    async with Cluster(ClusterAccess(real_kubeconfig)) as cluster:
        yield cluster


@pytest.fixture
async def real_namespace(real_cluster: Cluster) -> AsyncIterator[str]:
    """A new namespace there, removed at the end."""
    name = f"pilothouse-tests-{uuid.uuid4().hex[:10]}"
    await real_cluster.create("v1", "Namespace", None, {"metadata": {"name": name}})
    yield name
    await real_cluster.delete(Ref("v1", "Namespace", name))
