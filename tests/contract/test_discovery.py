"""What the server tells of itself: versions, kinds, schemas."""

from typing import Any

import pytest

from bot.cluster.errors import ClusterRefused
from tests.contract.asking import Both, Side

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
USED = {
    "": {"configmaps", "events", "namespaces", "nodes", "persistentvolumeclaims", "pods", "resourcequotas", "secrets",
         "serviceaccounts", "services", "persistentvolumes", "endpoints", "limitranges"},
    "apps": {"controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"},
    "batch": {"cronjobs", "jobs"},
    "autoscaling": {"horizontalpodautoscalers"},
    "networking.k8s.io": {"ingresses", "networkpolicies", "ingressclasses"},
    "policy": {"poddisruptionbudgets"},
    "rbac.authorization.k8s.io": {"roles", "rolebindings", "clusterroles", "clusterrolebindings"},
    "storage.k8s.io": {"storageclasses"},
    "coordination.k8s.io": {"leases"},
    "discovery.k8s.io": {"endpointslices"},
    "apiextensions.k8s.io": {"customresourcedefinitions"},
    "authorization.k8s.io": {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"},
}  # fmt: skip
"""What charts and the bot use; the real one serves some more."""
SUBRESOURCES = {"status", "scale", "log", "eviction", "token"}


@pytest.mark.parametrize("root", ["/api", "/apis"])
async def test_aggregated_discovery_tells_the_same_of_every_kind(both: Both, root: str) -> None:
    async def discovered(side: Side) -> Any:
        answer = await side.ask("GET", root, accept=AGGREGATED)
        found = {}
        for group in answer.body["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                for resource in version["resources"]:
                    if resource["resource"] in USED.get(name, ()):
                        found[f"{name}/{version['version']}/{resource['resource']}"] = short(resource)
        return found

    assert await both.agree(discovered)


def short(resource: dict[str, Any]) -> dict[str, Any]:
    told = {name: resource.get(name) for name in ("responseKind", "scope", "singularResource")}
    for name in ("shortNames", "categories", "verbs"):
        told[name] = sorted(resource.get(name) or [])
    told["subresources"] = sorted(
        (each["subresource"], sorted(each["verbs"]), each["responseKind"])
        for each in resource.get("subresources") or []
        if each["subresource"] in SUBRESOURCES
    )
    return told


@pytest.mark.parametrize("path", ["/api/v1", "/apis/apps/v1", "/apis/batch/v1", "/apis/policy/v1"])
async def test_plain_discovery_tells_the_same_of_every_kind(both: Both, path: str) -> None:
    async def discovered(side: Side) -> Any:
        answer = await side.get(path)
        used = USED[{"v1": "", "apps": "apps", "batch": "batch", "policy": "policy"}[path.split("/")[2]]]
        found = {}
        for each in answer.body["resources"]:
            plural, _, sub = each["name"].partition("/")
            if plural in used and (not sub or sub in SUBRESOURCES):
                kept = {name: value for name, value in each.items() if name != "storageVersionHash"}
                for name in ("shortNames", "categories", "verbs"):
                    kept[name] = sorted(each.get(name) or [])
                found[each["name"]] = kept
        return [answer.body["kind"], answer.body["groupVersion"], found]

    await both.agree(discovered)


async def test_groups_are_listed_with_their_preferred_versions(both: Both) -> None:
    async def discovered(side: Side) -> Any:
        answer = await side.get("/apis")
        groups = {each["name"]: each["preferredVersion"] for each in answer.body["groups"]}
        return {name: groups[name] for name in USED if name}

    await both.agree(discovered)


async def test_charts_see_the_kinds_they_ask_for(both: Both) -> None:
    async def served(side: Side) -> list[bool]:
        found = set(await side.cluster.api_versions())
        asked = ("apps/v1", "networking.k8s.io/v1/Ingress", "policy/v1beta1", "autoscaling/v2", "batch/v1beta1/CronJob",
                 "v1/Pod", "extensions/v1beta1")  # fmt: skip
        return [each in found for each in asked]

    assert await both.agree(served) == [True, True, False, True, False, True, False]


async def test_a_kind_there_is_not_is_refused_by_the_client_in_the_same_words(both: Both) -> None:
    async def asked(side: Side) -> list[Any]:
        words = []
        for version, kind in (("v1", "Thing"), ("example.org/v1", "Thing"), ("apps/v9", "Deployment")):
            with pytest.raises(ClusterRefused) as refused:
                await side.cluster.resource(version, kind)
            words.append([refused.value.code, refused.value.words])
        return words

    await both.agree(asked)


async def test_the_version_has_the_same_fields(both: Both) -> None:
    async def version(side: Side) -> Any:
        answer = await side.get("/version")
        return [
            sorted(answer.body),
            answer.body["major"],
            answer.body["minor"],
            answer.body["gitVersion"][:5],
        ]

    await both.agree(version)


async def test_schemas_are_served_that_say_what_a_patch_is_of(both: Both) -> None:
    """Helm and kubectl look for the kind of a path's PATCH, and for its parameter fieldValidation."""

    async def schemas(side: Side) -> Any:
        index = (await side.get("/openapi/v3")).body["paths"]
        url, _, query = index["apis/apps/v1"]["serverRelativeURL"].partition("?")
        document = (await side.get(url, **dict([query.split("=")]) if query else {})).body
        patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
        return [
            sorted(path for path in index if path in ("api/v1", "apis/apps/v1", "apis/batch/v1")),
            patch["x-kubernetes-group-version-kind"],
            "fieldValidation" in [each["name"] for each in patch["parameters"]],
            document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"][
                "x-kubernetes-group-version-kind"
            ],
        ]

    await both.agree(schemas)


async def test_health_is_told_in_a_word(both: Both) -> None:
    answer = await both.agree(lambda side: side.ask("GET", "/livez", accept="*/*"))
    assert answer[:2] == [200, "ok"]
