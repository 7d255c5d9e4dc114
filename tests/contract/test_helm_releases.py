"""Helm's actions through the bot's own client: what each leaves behind, and its words where it fails."""

from typing import Any

import pytest

from bot.access import Identity
from bot.helm.client import Helm
from tests.contract import objects
from tests.contract.asking import Both, Side
from tests.contract.releases import TIMEOUT, history, names, outcome
from tests.helm.writing import Charts

CONFIG = """{{ range $name, $value := .Values.maps }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ $name }}}
data: {value: {{ $value | quote }}}
{{ end }}"""
WORKLOAD = """{{ with .Values.replicas }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ . }}
  paused: true
  selector: {matchLabels: {app: {{ $.Values.app | default "web" }}}}
  template:
    metadata: {labels: {app: {{ $.Values.app | default "web" }}}}
    spec: {containers: [{name: web, image: "registry.example/web:v1", {{ $.Values.more }} }]}
{{ end }}"""
FREE = """{{ with .Values.manifest }}{{ toYaml . }}{{ end }}"""
FILES = {
    "templates/config.yaml": CONFIG,
    "templates/workload.yaml": WORKLOAD,
    "templates/free.yaml": FREE,
    "templates/NOTES.txt": "It runs in {{ .Release.Namespace }}.",
}


async def test_a_release_lives_from_its_install_to_its_end(both: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)

    async def lived(side: Side) -> list[Any]:
        at = side.release()
        first = helm.upgrade(
            at,
            chart,
            {"maps": {"a": 1, "b": 2}},
            timeout=TIMEOUT,
            labels={"team": "blue"},
            description="by Dana",
        )
        told = [await outcome(first)]
        told.append(await outcome(helm.upgrade(at, chart, {"maps": {"b": 3, "c": 4}}, timeout=TIMEOUT)))
        told.append(await names(side, "v1/configmaps"))
        told.append(await outcome(helm.rollback(at, 1, timeout=TIMEOUT)))
        told.append(await names(side, "v1/configmaps"))
        told.append((await side.get("v1/configmaps/b")).body)
        told.append(await history(helm, at))
        record = await helm.get(at)
        told.append([record.values, record.notes, record.manifest, len(record.hooks)])
        told.append([[each.release, each.status] for each in await helm.list(side.access, side.namespace)])
        told.append(await outcome(helm.uninstall(at, timeout=TIMEOUT)))
        told.append([await names(side, "v1/configmaps"), await history(helm, at)])
        return told

    await both.agree(lived)


async def test_its_records_are_secrets_of_helm_s_own_form(both: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)

    async def records(side: Side) -> list[Any]:
        at = side.release()
        for value in (1, 2):
            await helm.upgrade(at, chart, {"maps": {"a": value}}, timeout=TIMEOUT)
        found = (await side.get("v1/secrets", labelSelector="owner=helm")).body["items"]
        return [
            [
                each["metadata"]["name"],
                each["type"],
                {**each["metadata"]["labels"], "modifiedAt": "", "createdAt": ""},
                [entry["manager"] for entry in each["metadata"]["managedFields"]],
                sorted(each["data"]),
            ]
            for each in found
        ]

    await both.agree(records)


async def test_the_namespace_is_made_when_it_is_wanted(both: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)

    async def installed(side: Side) -> list[Any]:
        name = f"{side.namespace}-new"
        at = side.release()
        at = type(at)(at.access, name, "shop")
        told = [await outcome(helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT))]
        told.append(
            await outcome(helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT, create_namespace=True))
        )
        made = (await side.get(f"/api/v1/namespaces/{name}")).body["metadata"]
        told.append([made["labels"], [each["manager"] for each in made["managedFields"]]])
        await side.delete(f"/api/v1/namespaces/{name}")
        return told

    await both.agree(installed)


async def test_history_is_kept_as_long_as_asked(both: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)

    async def kept(side: Side) -> Any:
        for value in range(4):
            await helm.upgrade(side.release(), chart, {"maps": {"a": value}}, timeout=TIMEOUT, history_max=2)
        return await history(helm, side.release())

    assert [each[0] for each in await both.agree(kept)] == [3, 4]


async def test_what_was_uninstalled_with_its_history_can_be_installed_again(
    both: Both, helm: Helm, charts: Charts
) -> None:
    chart = await charts.pack(FILES)

    async def again(side: Side) -> list[Any]:
        at = side.release()
        await helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT)
        told = [
            await outcome(helm.uninstall(at, timeout=TIMEOUT, keep_history=True)),
            await history(helm, at),
        ]
        told.append(await outcome(helm.upgrade(at, chart, {"maps": {"a": 2}}, timeout=TIMEOUT)))
        told.append(await history(helm, at))
        return told

    await both.agree(again)


async def test_what_is_not_there_is_said_to_be_missing(both: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)

    async def missed(side: Side) -> list[Any]:
        at = side.release()
        told = [
            await outcome(helm.upgrade(at, chart, {}, timeout=TIMEOUT, install=False)),
            await outcome(helm.rollback(at, 1, timeout=TIMEOUT)),
            await outcome(helm.uninstall(at, timeout=TIMEOUT)),
            await outcome(helm.get(at)),
            await history(helm, at),
        ]
        await helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT)
        return [*told, await outcome(helm.rollback(at, 7, timeout=TIMEOUT)), await outcome(helm.get(at, 7))]

    await both.agree(missed)


WRONG: dict[str, dict[str, Any]] = {
    "an unknown field": {
        "manifest": {"apiVersion": "v1", "kind": "Service", **objects.service(colour="red")}
    },
    "a wrong type": {"manifest": {"apiVersion": "v1", "kind": "Service", **objects.service(ports="80")}},
    "an invalid object": {
        "manifest": {"apiVersion": "v1", "kind": "Service", **objects.service(type="Public")}
    },
    "an invalid name": {
        "manifest": {"apiVersion": "v1", "kind": "ConfigMap", **objects.config_map("No_Good")}
    },
    "a kind there is not": {
        "manifest": {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}}
    },
    "a namespace there is not": {
        "manifest": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "web", "namespace": "nowhere-at-all"},
        }
    },
    "a variable twice": {"replicas": 1, "more": "env: [{name: A, value: b}, {name: A, value: c}]"},
    "more asked for than allowed": {
        "replicas": 1,
        "more": "resources: {requests: {cpu: 2}, limits: {cpu: 1}}",
    },
    "a number for text": {"replicas": 1, "more": "env: [{name: A, value: 1}]"},
    "an object without name": {
        "manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"labels": {"a": "b"}}}
    },
}


@pytest.mark.parametrize("what", WRONG)
async def test_an_install_of_what_is_wrong_fails_in_the_same_words(
    both: Both, helm: Helm, charts: Charts, what: str
) -> None:
    chart = await charts.pack(FILES)

    async def installed(side: Side) -> list[Any]:
        at = side.release()
        told = await outcome(helm.upgrade(at, chart, WRONG[what], timeout=TIMEOUT))
        return [told, await history(helm, at)]

    (name, _), _ = await both.agree(installed)
    assert isinstance(name, str)


CHANGES: dict[str, dict[str, Any]] = {
    "another selector": {"replicas": 1, "app": "other"},
    "an unknown field": {"replicas": 1, "more": "imagePull: Always"},
    "an invalid number": {"replicas": -1},
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_failed_upgrade_says_why_and_can_be_tried_again(
    both: Both, helm: Helm, charts: Charts, what: str
) -> None:
    chart = await charts.pack(FILES)

    async def upgraded(side: Side) -> list[Any]:
        at = side.release()
        await helm.upgrade(at, chart, {"replicas": 1, "maps": {"a": 1}}, timeout=TIMEOUT)
        told = [await outcome(helm.upgrade(at, chart, {**CHANGES[what], "maps": {"a": 2}}, timeout=TIMEOUT))]
        told.append(await history(helm, at))
        told.append((await side.get("v1/configmaps/a")).body["data"])
        told.append(
            await outcome(helm.upgrade(at, chart, {"replicas": 2, "maps": {"a": 3}}, timeout=TIMEOUT))
        )
        told.append(await history(helm, at))
        return told

    await both.agree(upgraded)


async def test_an_object_of_someone_else_is_left_alone_unless_it_is_taken_over(
    both: Both, helm: Helm, charts: Charts
) -> None:
    chart = await charts.pack(FILES)

    async def installed(side: Side) -> list[Any]:
        at = side.release()
        await side.create("v1/configmaps", {"metadata": {"name": "a"}, "data": {"value": "theirs"}})
        told = [await outcome(helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT))]
        taken = helm.upgrade(
            at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT, take_ownership=True, force_conflicts=True
        )
        told.append(await outcome(taken))
        told.append((await side.get("v1/configmaps/a")).body)
        return told

    await both.agree(installed)


async def test_a_field_of_another_manager_is_left_alone_unless_it_is_forced(
    both: Both, helm: Helm, charts: Charts
) -> None:
    chart = await charts.pack(FILES)

    async def upgraded(side: Side) -> list[Any]:
        at = side.release()
        await helm.upgrade(at, chart, {"replicas": 1, "maps": {"a": 1}}, timeout=TIMEOUT)
        await side.patch("apps/v1/deployments/web/scale", {"spec": {"replicas": 3}}, fieldManager="kubectl")
        await side.patch("v1/configmaps/a", {"data": {"value": "7"}}, fieldManager="kubectl-edit")
        values = {"replicas": 2, "maps": {"a": 2}}
        told = [await outcome(helm.upgrade(at, chart, values, timeout=TIMEOUT)), await history(helm, at)]
        told.append(await outcome(helm.upgrade(at, chart, values, timeout=TIMEOUT, force_conflicts=True)))
        told.append((await side.get("v1/configmaps/a")).body["data"])
        return told

    await both.agree(upgraded)


async def test_what_is_to_be_kept_stays_when_its_release_goes(both: Both, helm: Helm, charts: Charts) -> None:
    chart = await charts.pack(FILES)
    keep = {"metadata": {"name": "kept", "annotations": {"helm.sh/resource-policy": "keep"}}}

    async def uninstalled(side: Side) -> list[Any]:
        at = side.release()
        values = {"manifest": {"apiVersion": "v1", "kind": "ConfigMap", **keep}, "maps": {"a": 1}}
        await helm.upgrade(at, chart, values, timeout=TIMEOUT)
        told = [await outcome(helm.uninstall(at, timeout=TIMEOUT))]
        return [*told, await names(side, "v1/configmaps")]

    await both.agree(uninstalled)


async def test_a_lookup_sees_the_cluster(both: Both, helm: Helm, charts: Charts) -> None:
    looking = """apiVersion: v1
kind: ConfigMap
metadata: {name: found}
data: {value: {{ (lookup "v1" "ConfigMap" .Release.Namespace "theirs").data.colour | default "none" }} }"""
    chart = await charts.template(looking)

    async def installed(side: Side) -> Any:
        await side.create("v1/configmaps", objects.config_map("theirs"))
        await helm.upgrade(side.release(), chart, {}, timeout=TIMEOUT)
        return (await side.get("v1/configmaps/found")).body["data"]

    assert await both.agree(installed) == {"value": "blue"}


async def test_a_chart_s_own_kind_is_there_before_its_objects(both: Both, helm: Helm, charts: Charts) -> None:
    async def installed(side: Side) -> list[Any]:
        group = f"{side.namespace}.example.org"
        schema = {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
        }
        definition = f"""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: things, kind: Thing, singular: thing, listKind: ThingList}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {schema}}}}}]
"""
        thing = f"apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: one}}\nspec: {{size: 3}}"
        chart = await Charts(charts.folder / side.name).pack(
            {"crds/things.yaml": definition, "templates/thing.yaml": thing}
        )
        told = [await outcome(helm.upgrade(side.release(), chart, {}, timeout=TIMEOUT))]
        made = await side.get(f"{group}/v1/things/one")
        told.append([made.code, made.body.get("spec"), made.body["metadata"].get("managedFields")])
        told.append(await outcome(helm.uninstall(side.release(), timeout=TIMEOUT)))
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}"
        told.append((await side.get(path)).code)
        await side.delete(path)
        return told

    await both.agree(installed)


async def test_a_person_without_rights_is_refused_in_the_cluster_s_words(
    both: Both, helm: Helm, charts: Charts
) -> None:
    chart = await charts.pack(FILES)
    vera = Identity("vera", ("team-a", "team-b"))

    async def refused(side: Side) -> list[Any]:
        at = side.release()
        told = [
            await outcome(helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT, as_=vera)),
            await outcome(helm.history(at, vera)),
        ]
        await helm.upgrade(at, chart, {"maps": {"a": 1}}, timeout=TIMEOUT)
        told.append(await outcome(helm.rollback(at, 1, timeout=TIMEOUT, as_=vera)))
        told.append(await outcome(helm.uninstall(at, timeout=TIMEOUT, as_=vera)))
        return [*told, await history(helm, at)]

    await both.agree(refused)


async def test_a_person_s_groups_all_arrive(both: Both, helm: Helm, charts: Charts) -> None:
    """One group may keep records, the other may write objects: only both of them together can install."""
    chart = await charts.pack(FILES)

    async def installed(side: Side) -> list[Any]:
        for name, resource in (("records", "secrets"), ("maps", "configmaps")):
            rule = {"apiGroups": [""], "resources": [resource], "verbs": ["*"]}
            await side.create("rbac.authorization.k8s.io/v1/roles", objects.role(name, rule))
            subject = {"kind": "Group", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
            bound = {**objects.binding(name, name), "subjects": [subject]}
            await side.create("rbac.authorization.k8s.io/v1/rolebindings", bound)
            while not await side.cluster.as_(Identity("vera", (name,))).may(
                "create", "", resource, side.namespace
            ):
                pass  # the real one's authorizer learns of a binding a moment later
        told = []
        for number, groups in enumerate((("records",), ("maps",), ("records", "maps"))):
            at = side.release(f"shop-{number}")
            action = helm.upgrade(
                at, chart, {"maps": {f"a{number}": 1}}, timeout=TIMEOUT, as_=Identity("vera", groups)
            )
            told.append(await outcome(action))
        return told

    _, _, (number, status, *_) = await both.agree(installed)
    assert (number, status) == (1, "deployed")


async def test_a_quota_that_is_used_up_fails_the_install_by_name(
    both: Both, helm: Helm, charts: Charts
) -> None:
    chart = await charts.pack(FILES)

    async def installed(side: Side) -> list[Any]:
        await side.create("v1/resourcequotas", objects.quota("small", **{"count/services": "0"}))
        path = "v1/resourcequotas/small"
        while "used" not in (await side.get(path)).body.get("status", {}):
            pass
        values = {"manifest": {"apiVersion": "v1", "kind": "Service", **objects.service()}}
        return [await outcome(helm.upgrade(side.release(), chart, values, timeout=TIMEOUT))]

    ((name, _),) = await both.agree(installed)
    assert name == "ClusterRefused"
