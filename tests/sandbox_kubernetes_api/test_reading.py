"""What the cluster is known by."""

from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.sandbox_kubernetes_api.conftest import Http


async def test_the_cluster_is_known_again_by_kube_systems_uid(cluster: KubernetesServer, http: Http) -> None:
    found = await http.get("/api/v1/namespaces/kube-system")
    assert found["metadata"]["uid"] == cluster.uid == KubernetesServer().uid
    assert (await http.get("/version"))["gitVersion"].startswith("v1.")
