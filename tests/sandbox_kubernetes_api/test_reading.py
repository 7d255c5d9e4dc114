"""Lists, their selectors, pages and forms; discovery and schemas."""

from typing import Any

from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.sandbox_kubernetes_api.builders import CONFIG_MAPS, DEPLOYMENTS, config_map, deployment
from tests.sandbox_kubernetes_api.conftest import Http

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def names(listed: Any) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"]]


async def some_config_maps(http: Http) -> None:
    for name, tier in (("a", "front"), ("b", "back"), ("c", "back"), ("d", "")):
        await http.create(CONFIG_MAPS, config_map(name, {"tier": tier} if tier else None, x="y"))


async def test_lists_are_selected_by_labels_and_fields(http: Http) -> None:
    await some_config_maps(http)

    async def found(query: str) -> list[str]:
        return names(await http.get(f"{CONFIG_MAPS}?{query}"))

    assert await found("labelSelector=tier=back") == ["b", "c"]
    assert await found("labelSelector=tier in (front,back),tier!=front") == ["b", "c"]
    assert await found("labelSelector=tier") == ["a", "b", "c"]
    assert await found("labelSelector=!tier") == ["d", "kube-root-ca.crt"]
    assert await found("fieldSelector=metadata.name=c") == ["c"]


async def test_long_lists_come_in_pages(http: Http) -> None:
    await some_config_maps(http)
    first = await http.get(f"{CONFIG_MAPS}?limit=2")
    assert (names(first), first["metadata"]["remainingItemCount"]) == (["a", "b"], 3)
    rest = await http.get(f"{CONFIG_MAPS}?limit=5&continue={first['metadata']['continue']}")
    assert names(rest) == ["c", "d", "kube-root-ca.crt"]
    assert "continue" not in rest["metadata"]


async def test_a_list_can_be_a_table_or_metadata_only(http: Http) -> None:
    await http.create(DEPLOYMENTS, deployment(replicas=0))
    table = await http.get(DEPLOYMENTS, Accept=f"{TABLE},application/json")
    assert table["kind"] == "Table"
    titles = [column["name"] for column in table["columnDefinitions"]]
    assert titles[:5] == ["Name", "Ready", "Up-to-date", "Available", "Age"]
    assert table["rows"][0]["cells"][:4] == ["web", "0/0", 0, 0]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    metadata = await http.get(DEPLOYMENTS, Accept=METADATA)
    assert metadata["kind"] == "PartialObjectMetadataList"
    assert "spec" not in metadata["items"][0]


async def test_missing_things_are_named(http: Http) -> None:
    status, answer = await http.ask("GET", f"{DEPLOYMENTS}/none")
    assert (status, answer["message"]) == (404, 'deployments.apps "none" not found')
    assert answer["details"] == {"name": "none", "group": "apps", "kind": "deployments"}
    status, answer = await http.ask("GET", "/apis/nobody.example/v1/things")
    assert (status, answer["message"]) == (404, "the server could not find the requested resource")


async def test_discovery_is_served_aggregated_and_plain(http: Http) -> None:
    async with http.session.get(http.url + "/apis", headers={"Accept": AGGREGATED}) as answer:
        assert answer.headers["Content-Type"] == AGGREGATED
        groups = {item["metadata"]["name"]: item for item in (await answer.json(content_type=None))["items"]}
    resources = {r["resource"]: r for r in groups["apps"]["versions"][0]["resources"]}
    assert resources["deployments"]["shortNames"] == ["deploy"]
    assert resources["deployments"]["scope"] == "Namespaced"
    assert "apps" in [group["name"] for group in (await http.get("/apis"))["groups"]]
    core = {resource["name"] for resource in (await http.get("/api/v1"))["resources"]}
    assert {"pods", "pods/log", "pods/eviction", "namespaces"} <= core


async def test_schemas_are_served_as_openapi(http: Http) -> None:
    index = await http.get("/openapi/v3")
    document = await http.get(index["paths"]["apis/apps/v1"]["serverRelativeURL"])
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
    }
    assert "fieldValidation" in [parameter["name"] for parameter in patch["parameters"]]
    spec = document["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]
    assert spec["properties"]["replicas"]["type"] == "integer"


async def test_the_cluster_is_known_again_by_kube_systems_uid(cluster: KubernetesServer, http: Http) -> None:
    found = await http.get("/api/v1/namespaces/kube-system")
    assert found["metadata"]["uid"] == cluster.uid == KubernetesServer().uid
    assert (await http.get("/version"))["gitVersion"].startswith("v1.")
