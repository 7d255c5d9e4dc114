"""Deletes: finalizers, grace, preconditions, namespaces, evictions."""

import asyncio

from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key
from tests.sandbox_kubernetes_api.builders import CONFIG_MAPS, MERGE, config_map, pod
from tests.sandbox_kubernetes_api.conftest import Http

SETTINGS = f"{CONFIG_MAPS}/settings"


async def gone(cluster: KubernetesServer, key: Key) -> None:
    with cluster.storage.changes() as changes:
        if cluster.storage.peek(key) is None:
            return
        async with asyncio.timeout(300):
            async for change in changes:
                if change.key == key and change.type == "DELETED":
                    return


async def test_a_namespace_goes_with_all_it_holds(cluster: KubernetesServer, http: Http) -> None:
    await http.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    await http.create("/api/v1/namespaces/shop/configmaps", config_map())
    await http.create("/api/v1/namespaces/shop/pods", pod())
    status, answer = await http.ask("DELETE", "/api/v1/namespaces/shop")
    assert (status, answer["status"]["phase"]) == (200, "Terminating")
    await gone(cluster, Key("", "namespaces", "", "shop"))
    left = cluster.storage.keys()
    assert [key for key in left if key.namespace == "shop"] == []
    status, answer = await http.ask("POST", "/api/v1/namespaces/shop/configmaps", config_map())
    assert (status, answer["message"]) == (404, 'namespaces "shop" not found')


async def test_a_budget_holds_back_an_eviction(http: Http) -> None:
    lonely = pod()
    lonely["metadata"]["labels"] = {"app": "db"}
    await http.create("/api/v1/namespaces/default/pods", lonely)
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    path = "/api/v1/namespaces/default/pods/lonely"
    await http.ask("PATCH", f"{path}/status", ready, kind=MERGE)
    budget = {
        "metadata": {"name": "db"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "db"}}},
    }
    await http.create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "lonely"}}
    status, answer = await http.ask("POST", f"{path}/eviction", eviction)
    assert (status, answer["reason"]) == (429, "TooManyRequests")
    await http.ask("DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/db")
    assert (await http.ask("POST", f"{path}/eviction", eviction))[0] == 201
