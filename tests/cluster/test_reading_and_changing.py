"""Objects read, listed, changed and deleted on the embedded cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.cluster import (
    Cluster,
    ClusterAccess,
    ClusterConflict,
    ClusterRefused,
    ClusterUnreachable,
    Identity,
    Ref,
)
from bot.sandbox.kubernetes.cluster import KubernetesServer

MAP = Ref("v1", "ConfigMap", "settings", "shop")


def settings(name: str = "settings", **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"app": "shop"}}, "data": data}


async def test_an_object_is_read_by_reference_and_by_path(cluster: Cluster) -> None:
    await cluster.create("v1", "ConfigMap", "shop", settings(colour="blue"))
    by_reference = await cluster.get(MAP)
    by_path = await cluster.get("/api/v1/namespaces/shop/configmaps/settings")
    assert by_reference is not None
    assert by_reference == by_path
    assert by_reference["data"] == {"colour": "blue"}


async def test_what_is_not_there_is_none(cluster: Cluster) -> None:
    assert await cluster.get(MAP) is None
    assert await cluster.delete(MAP) is False


async def test_a_name_cannot_lead_out_of_its_path(cluster: Cluster) -> None:
    await cluster.create("v1", "Secret", "shop", {"metadata": {"name": "key"}})
    assert await cluster.get(Ref("v1", "ConfigMap", "../secrets/key", "shop")) is None


async def test_a_merge_changes_and_removes_fields(cluster: Cluster) -> None:
    await cluster.create("v1", "ConfigMap", "shop", settings(colour="blue", size="L"))
    patched = await cluster.patch(MAP, {"data": {"colour": "red", "size": None}})
    assert patched["data"] == {"colour": "red"}


async def test_an_old_resource_version_is_a_conflict(cluster: Cluster) -> None:
    created = await cluster.create("v1", "ConfigMap", "shop", settings(colour="blue"))
    await cluster.patch(MAP, {"data": {"colour": "red"}})
    old = {"metadata": {"resourceVersion": created["metadata"]["resourceVersion"]}}
    with pytest.raises(ClusterConflict):
        await cluster.patch(MAP, old | {"data": {"colour": "green"}})


async def test_a_list_has_every_page_and_its_kinds(cluster: Cluster) -> None:
    await asyncio.gather(
        *(cluster.create("v1", "ConfigMap", "shop", settings(f"map-{i}")) for i in range(300))
    )
    found = await cluster.list("v1", "ConfigMap", "shop", labels="app=shop")
    assert len(found) == 300
    assert {(it["apiVersion"], it["kind"]) for it in found} == {("v1", "ConfigMap")}


async def test_an_unknown_kind_is_said_to_be_unknown(cluster: Cluster) -> None:
    with pytest.raises(ClusterRefused, match="serves no Florb in v1") as refused:
        await cluster.list("v1", "Florb", "shop")
    assert refused.value.code == 404


async def test_the_cluster_is_known_by_its_version_and_uid(
    cluster: Cluster, server: KubernetesServer
) -> None:
    assert (await cluster.version()).startswith("v1.")
    assert await cluster.uid() == server.uid


async def test_a_proxy_of_the_environment_is_not_the_clusters(
    access: ClusterAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with Cluster(access) as cluster:
        assert await cluster.version()


async def test_capabilities_are_as_helm_writes_them(cluster: Cluster) -> None:
    assert {"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "batch/v1/Job"} <= set(
        await cluster.api_versions()
    )


async def test_the_persons_own_rights_have_the_last_word(cluster: Cluster) -> None:
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}
    role = {"metadata": {"name": "reader"}, "rules": [rule]}
    await cluster.create(f"{rbac}/v1", "Role", "shop", role)
    for group in ("blue", "green"):
        binding = {
            "metadata": {"name": group},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "reader"},
            "subjects": [{"apiGroup": rbac, "kind": "Group", "name": group}],
        }
        await cluster.create(f"{rbac}/v1", "RoleBinding", "shop", binding)
    dana = cluster.as_(Identity("dana", ("red", "green")))
    assert await dana.list("v1", "ConfigMap", "shop") != []
    assert await dana.may("list", "", "configmaps", "shop")
    assert not await dana.may("delete", "", "configmaps", "shop")
    with pytest.raises(ClusterRefused, match="dana") as refused:
        await dana.create("v1", "ConfigMap", "shop", settings())
    assert refused.value.code == 403
    assert await cluster.may("delete", "", "configmaps", "shop")
    assert dana.as_(None).identity is None


async def test_a_busy_server_is_unreachable(cluster: Cluster, server: KubernetesServer) -> None:
    server.fail(503, 60)
    with pytest.raises(ClusterUnreachable, match="cannot answer now"):
        await cluster.version()


async def test_a_server_that_is_gone_is_unreachable(cluster: Cluster, server: KubernetesServer) -> None:
    await server.down(60)
    with pytest.raises(ClusterUnreachable, match=r"cannot be reached: nothing listens at 127.0.0.1:"):
        await cluster.version()
