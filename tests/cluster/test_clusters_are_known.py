"""A bot's clusters: connected when they are first needed, and known by an identity that is asked for once."""

from bot.clock import SystemClock
from bot.cluster import ClusterAccess
from bot.cluster.clusters import Clusters
from bot.sandbox.kubernetes.cluster import KubernetesServer


async def test_a_cluster_is_asked_once_which_one_it_is(
    server: KubernetesServer, access: ClusterAccess
) -> None:
    async with Clusters(SystemClock()) as clusters:
        known = await clusters.uid(access)
        server.fail(503, 60)
        assert await clusters.uid(access) == known != ""
