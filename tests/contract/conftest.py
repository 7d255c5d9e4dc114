"""The two clusters: one embedded server for a worker's whole run, and the real one that the run shares."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.helm.client import Helm
from bot.sandbox.kubernetes.behaviour import Pace, behaviour_by_tag, exists_by_tag
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.nodes.kubeconfig import read_access
from tests.contract.asking import Both, Side
from tests.helm.writing import Charts


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one event loop, in which the embedded server lives."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    server = KubernetesServer(pace=Pace.instant(), behaviour=behaviour_by_tag, image_exists=exists_by_tag)
    async with server:
        path = tmp_path_factory.mktemp("embedded") / "kubeconfig"
        path.write_text(server.kubeconfig())
        yield path


@asynccontextmanager
async def opened(name: str, kubeconfig: Path) -> AsyncIterator[Side]:
    access = read_access(kubeconfig)
    headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}
    async with (
        Cluster(ClusterAccess(kubeconfig)) as cluster,
        aiohttp.ClientSession(
            headers=headers, connector=aiohttp.TCPConnector(ssl=access.ssl or True)
        ) as session,
    ):
        yield Side(name, kubeconfig, access.server, session, cluster)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_side(embedded_kubeconfig: Path) -> AsyncIterator[Side]:
    async with opened("embedded", embedded_kubeconfig) as side:
        yield side


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real_side(real_kubeconfig: Path) -> AsyncIterator[Side]:
    async with opened("real", real_kubeconfig) as side:
        yield side


@asynccontextmanager
async def own_namespace(side: Side) -> AsyncIterator[Side]:
    name = f"pilothouse-contract-{uuid.uuid4().hex[:10]}"
    answer = await side.create("/api/v1/namespaces", {"metadata": {"name": name}})
    assert answer.code == 201, answer
    try:
        yield replace(side, namespace=name, own=[])
    finally:
        await side.delete(f"/api/v1/namespaces/{name}")


@pytest_asyncio.fixture(loop_scope="session")
async def both(embedded_side: Side, real_side: Side) -> AsyncIterator[Both]:
    """The two of them, each with a namespace of the test's own."""
    async with own_namespace(embedded_side) as embedded, own_namespace(real_side) as real:
        yield Both(embedded, real)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _nodes(real_side: Side) -> None:
    """On a real cluster that somebody named there are nodes on which these images do not exist."""
    nodes = (await real_side.get("/api/v1/nodes")).body["items"]
    if not any(str(node["spec"].get("providerID", "")).startswith("sandbox:") for node in nodes):
        pytest.skip("this cluster's nodes are not played: run without KUBECONFIG")


@pytest.fixture
def played(_nodes: None, both: Both) -> Both:
    """Both clusters, with nodes that play what the tags of images say."""
    return both


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def helm() -> AsyncIterator[Helm]:
    async with Helm() as helm:
        yield helm


@pytest.fixture
def charts(tmp_path: Path) -> Charts:
    return Charts(tmp_path)
