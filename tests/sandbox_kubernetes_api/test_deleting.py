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
        async with asyncio.timeout(10):
            async for change in changes:
                if change.key == key and change.type == "DELETED":
                    return


async def test_a_delete_answers_what_went(http: Http) -> None:
    created = await http.create(CONFIG_MAPS, config_map())
    status, answer = await http.ask("DELETE", SETTINGS)
    assert (status, answer["status"]) == (200, "Success")
    assert answer["details"] == {
        "name": "settings",
        "kind": "configmaps",
        "uid": created["metadata"]["uid"],
    }
    assert (await http.ask("DELETE", SETTINGS))[0] == 404


async def test_a_finalizer_holds_an_object_until_it_is_removed(http: Http) -> None:
    body = config_map()
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await http.create(CONFIG_MAPS, body)
    assert (await http.ask("DELETE", SETTINGS))[0] == 202
    held = await http.get(SETTINGS)
    assert held["metadata"]["deletionTimestamp"]
    await http.ask("PATCH", SETTINGS, {"metadata": {"finalizers": None}}, kind=MERGE)
    assert (await http.ask("GET", SETTINGS))[0] == 404


async def test_a_precondition_that_does_not_hold_refuses(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map())
    options = {"preconditions": {"uid": "another"}}
    status, answer = await http.ask("DELETE", SETTINGS, options)
    assert (status, answer["reason"]) == (409, "Conflict")
    assert "Precondition failed: UID in precondition: another" in answer["message"]


async def test_a_collection_is_deleted_by_selector(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map("a", {"go": "yes"}))
    await http.create(CONFIG_MAPS, config_map("b"))
    assert (await http.ask("DELETE", f"{CONFIG_MAPS}?labelSelector=go=yes"))[0] == 200
    left = [item["metadata"]["name"] for item in (await http.get(CONFIG_MAPS))["items"]]
    assert left == ["b", "kube-root-ca.crt"]


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


async def test_the_clusters_own_namespaces_stay(http: Http) -> None:
    status, answer = await http.ask("DELETE", "/api/v1/namespaces/kube-system")
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert answer["message"] == 'namespaces "kube-system" is forbidden: this namespace may not be deleted'
