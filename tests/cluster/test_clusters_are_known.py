"""A bot's clusters: connected when they are first needed, and known by an identity that no other may take over."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.cluster import ClusterAccess
from bot.cluster.clusters import Clusters
from bot.cluster.errors import ClusterSwapped
from bot.cluster.identities import Identities, Swap, short
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.store.database import Database


@pytest.fixture
async def other() -> AsyncIterator[KubernetesServer]:
    async with KubernetesServer(pace=Pace.instant(), name="other") as server:
        yield server


@pytest.fixture
async def clusters() -> AsyncIterator[Clusters]:
    async with Clusters(SystemClock()) as clusters:
        yield clusters


@pytest.fixture
async def identities(clusters: Clusters, tmp_path: Path) -> AsyncIterator[Identities]:
    async with Database(f"sqlite:///{tmp_path}/pilothouse.db") as database:
        yield Identities(clusters, database, SystemClock())


def lead_to(access: ClusterAccess, server: KubernetesServer) -> None:
    """Replace the kubeconfig, as an administrator or a mounted Secret does."""
    assert access.kubeconfig is not None
    fresh = access.kubeconfig.with_suffix(".new")
    fresh.write_text(server.kubeconfig())
    shutil.move(fresh, access.kubeconfig)


async def test_a_cluster_is_asked_once_which_one_it_is(
    server: KubernetesServer, access: ClusterAccess, clusters: Clusters
) -> None:
    known = await clusters.uid(access)
    server.fail(503, 60)
    assert await clusters.uid(access) == known != ""


async def test_a_kubeconfig_that_was_replaced_is_read_anew_and_old_watches_go_on(
    access: ClusterAccess, clusters: Clusters, other: KubernetesServer
) -> None:
    before, known = await clusters.at(access), await clusters.uid(access)
    lead_to(access, other)
    assert await clusters.at(access) is not before
    assert await clusters.uid(access) != known
    assert await before.uid() == known


async def test_another_cluster_under_the_same_name_is_refused_until_it_is_accepted(
    access: ClusterAccess, identities: Identities, other: KubernetesServer
) -> None:
    known = await identities.uid("main", access)
    lead_to(access, other)
    with pytest.raises(
        ClusterSwapped, match=f"Cluster main is another one now.*{short(known)}.*/reload accept main"
    ):
        await identities.uid("main", access)
    [swap] = await identities.swaps({"main": access})
    with pytest.raises(ClusterSwapped):  # what was shown, and what answers now, have to be one
        await identities.accept("main", access, "00000000")
    assert await identities.accept("main", access, swap.now) == swap == Swap("main", short(known), swap.now)
    assert short(await identities.uid("main", access)) == swap.now
    assert await identities.swaps({"main": access}) == []


async def test_another_name_stands_for_whatever_it_first_led_to(
    access: ClusterAccess, identities: Identities, other: KubernetesServer
) -> None:
    known = await identities.uid("main", access)
    lead_to(access, other)
    assert await identities.uid("spare", access) != known


async def test_whoever_can_not_be_asked_is_not_called_another_cluster(
    server: KubernetesServer, access: ClusterAccess, identities: Identities
) -> None:
    await identities.uid("main", access)
    server.fail(503, 60)
    assert await identities.swaps({"main": access, "spare": ClusterAccess(Path("/nowhere"))}) == []


async def test_the_same_cluster_at_another_address_is_the_same(
    server: KubernetesServer, access: ClusterAccess, identities: Identities
) -> None:
    known = await identities.uid("main", access)
    async with KubernetesServer(pace=Pace.instant(), name=server.name) as moved:
        lead_to(access, moved)
        assert await identities.uid("main", access) == known
