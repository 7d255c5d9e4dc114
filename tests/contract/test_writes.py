"""Changing and removing objects: patches of every kind, locks, dry runs, deletes and what holds them up."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.contract import objects
from tests.contract.asking import Answer, Both, Object, Side, Way, unquoted

WEB = "apps/v1/deployments/web"
RESTARTED = {"kubectl.kubernetes.io/restartedAt": "2026-11-29T10:00:00Z"}
TWO = [
    objects.container("web", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
    objects.container("log"),
]


def in_template(spec: Object) -> Object:
    return {"spec": {"template": {"spec": spec}}}


async def two_containers(side: Side) -> None:
    body = objects.workload(replicas=0, template=objects.template(containers=TWO))
    body["metadata"]["labels"] = {"a": "1", "b": "2"}
    body["metadata"]["finalizers"] = ["example.org/hold"]
    answer = await side.create("apps/v1/deployments", body, fieldManager="first")
    assert answer.code == 201, answer


async def released(side: Side) -> None:
    await side.patch(WEB, {"metadata": {"finalizers": None}})


def short(answer: Answer) -> Answer:
    """The refusal without what it quotes at length."""
    if answer.code < 400:
        return answer
    body = {**answer.body, "message": unquoted(answer.message)}
    causes = [
        {**each, "message": unquoted(each["message"])} for each in body.get("details", {}).get("causes", [])
    ]
    if causes:
        body["details"] = {**body["details"], "causes": causes}
    return Answer(answer.code, body, answer.warnings)


def without_status(answer: Answer) -> Answer:
    """What controllers have made of it meanwhile is not what is asked here."""
    body = {name: value for name, value in answer.body.items() if name != "status" or "code" in answer.body}
    metadata = dict(body.get("metadata") or {})
    managers = metadata.get("managedFields")
    if managers:
        metadata["managedFields"] = [each for each in managers if each["manager"] in ("first", "contract")]
    annotations = {
        name: value
        for name, value in (metadata.get("annotations") or {}).items()
        if name != "deployment.kubernetes.io/revision"
    }
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    return Answer(answer.code, {**body, **({"metadata": metadata} if metadata else {})}, answer.warnings)


PATCHES: dict[str, tuple[Way, Any]] = {
    "a merge that adds, changes and removes": (
        "merge",
        {"metadata": {"labels": {"a": "2", "b": None, "c": "3"}}, "spec": {"paused": True}},
    ),
    "a merge of a list": ("merge", in_template({"containers": [objects.container("only")]})),
    "a merge that changes nothing": ("merge", {"metadata": {"labels": {"a": "1"}}}),
    "a restart": ("strategic", {"spec": {"template": {"metadata": {"annotations": RESTARTED}}}}),
    "a strategic merge of one container": (
        "strategic",
        in_template({"containers": [{"name": "log", "image": "registry.example/log:v2"}]}),
    ),
    "a strategic merge that adds a container": (
        "strategic",
        in_template({"containers": [objects.container("new")]}),
    ),
    "a strategic merge that removes a container": (
        "strategic",
        in_template({"containers": [{"name": "log", "$patch": "delete"}]}),
    ),
    "a strategic merge with an order": (
        "strategic",
        in_template(
            {
                "$setElementOrder/containers": [{"name": "log"}, {"name": "web"}],
                "containers": [{"name": "log", "image": "registry.example/log:v2"}],
            }
        ),
    ),
    "a strategic merge that replaces a list": (
        "strategic",
        in_template({"containers": [{"$patch": "replace"}, objects.container("only")]}),
    ),
    "a strategic merge that replaces a map": (
        "strategic",
        {"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}},
    ),
    "a strategic merge that keeps only some keys": (
        "strategic",
        {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}},
    ),
    "a strategic merge of variables": (
        "strategic",
        in_template(
            {
                "containers": [
                    {"name": "web", "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]}
                ]
            }
        ),
    ),
    "a strategic merge that removes a field": ("strategic", {"spec": {"revisionHistoryLimit": None}}),
    "a strategic merge that adds a finalizer": (
        "strategic",
        {"metadata": {"finalizers": ["example.org/other"]}},
    ),
    "a strategic merge that removes a finalizer": (
        "strategic",
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.org/hold"]}},
    ),
    "operations": (
        "json",
        [
            {"op": "test", "path": "/metadata/labels/a", "value": "1"},
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/image",
                "value": "registry.example/web:v2",
            },
            {"op": "add", "path": "/metadata/labels/c", "value": "3"},
            {"op": "remove", "path": "/metadata/labels/b"},
        ],
    ),
    "operations whose test fails": ("json", [{"op": "test", "path": "/metadata/labels/a", "value": "2"}]),
    "operations on what is not there": ("json", [{"op": "remove", "path": "/metadata/labels/z"}]),
    "operations on a place that is not there": (
        "json",
        [{"op": "replace", "path": "/spec/nothing/more", "value": 1}],
    ),
    "a merge of an unknown field": ("merge", {"spec": {"replica": 1}}),
    "a merge of a wrong type": ("merge", {"spec": {"replicas": "two"}}),
    "a strategic merge of an unknown field": ("strategic", {"spec": {"replica": 1}}),
    "a strategic merge of an unknown field of a container": (
        "strategic",
        in_template({"containers": [{"name": "web", "imagePull": "Always"}]}),
    ),
    "a merge that makes it wrong": ("merge", {"spec": {"replicas": -1}}),
    "a merge of another selector": ("merge", {"spec": {"selector": {"matchLabels": {"app": "other"}}}}),
    "a merge from an old state": ("merge", {"metadata": {"resourceVersion": "1"}, "spec": {"paused": True}}),
    "a merge of another object": (
        "merge",
        {"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}, "spec": {"paused": True}},
    ),
    "a merge of another name": ("merge", {"metadata": {"name": "other"}}),
    "a strategic merge without a key": ("strategic", in_template({"containers": [{"image": "web"}]})),
    "a merge that is no object": ("merge", []),
    "operations that are no list": ("json", {"op": "test"}),
}


@pytest.mark.parametrize("what", PATCHES)
async def test_a_patch_does_the_same(both: Both, what: str) -> None:
    way, body = PATCHES[what]

    async def patched(side: Side) -> Answer:
        await two_containers(side)
        answer = await side.patch(WEB, body, way, fieldValidation="Strict")
        await released(side)
        return without_status(short(answer))

    await both.agree(patched)


async def test_the_same_name_twice_conflicts(both: Both) -> None:
    async def twice(side: Side) -> Answer:
        await side.create("v1/configmaps", objects.config_map())
        return await side.create("v1/configmaps", objects.config_map())

    code, body, _ = await both.agree(twice)
    assert (code, body["reason"]) == (409, "AlreadyExists")


async def test_a_dry_run_answers_as_the_write_would_and_keeps_nothing(both: Both) -> None:
    async def tried(side: Side) -> list[Answer]:
        body = objects.config_map()
        return [
            await side.create("v1/configmaps", body, dryRun="All"),
            await side.get("v1/configmaps/web"),
            await side.create("v1/configmaps", body),
            await side.create("v1/configmaps", body, dryRun="All"),
            await side.patch("v1/configmaps/web", {"data": {"colour": "red"}}, dryRun="All"),
            await side.patch(
                "v1/configmaps/new",
                {**body, "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}},
                "apply",
                dryRun="All",
            ),
            await side.delete("v1/configmaps/web", dryRun="All"),
            await side.get("v1/configmaps/web"),
            await side.get("v1/configmaps/new"),
            await side.create("v1/configmaps", body, dryRun="Some"),
        ]

    await both.agree(tried)


async def test_an_unknown_field_is_dropped_with_a_warning_unless_it_is_strict(both: Both) -> None:
    async def sent(side: Side) -> list[Any]:
        body = objects.workload(
            replica=1, template=objects.template(containers=[objects.container(imagePull="x")])
        )
        answers = [
            await side.create("apps/v1/deployments", body, dryRun="All", **query)
            for query in (
                {},
                {"fieldValidation": "Warn"},
                {"fieldValidation": "Ignore"},
                {"fieldValidation": "Often"},
            )
        ]
        return [(each.code, each.warnings, each.body.get("message")) for each in answers]

    await both.agree(sent)


async def test_whoever_names_no_manager_is_named_by_the_agent(both: Both) -> None:
    async def sent(side: Side) -> Any:
        answer = await side.ask(
            "POST", "v1/configmaps", objects.config_map(), headers=[("User-Agent", "tool/1.2 (x)")]
        )
        return [each["manager"] for each in answer.body["metadata"]["managedFields"]]

    assert await both.agree(sent) == ["tool"]


async def test_generations_count_changes_of_the_spec(both: Both) -> None:
    async def counted(side: Side) -> list[Any]:
        await side.create("apps/v1/daemonsets", objects.workload())
        patches: list[Object] = [
            {"metadata": {"labels": {"a": "1"}}},
            {"spec": {"minReadySeconds": 5}},
            {"spec": {"template": {"metadata": {"annotations": {"a": "1"}}}}},
            {"spec": {"minReadySeconds": 5}},
        ]
        answers = [await side.patch("apps/v1/daemonsets/web", patch) for patch in patches]
        metadata = [answer.body["metadata"] for answer in answers]
        return [(each["generation"], each["annotations"]) for each in metadata]

    await both.agree(counted)


async def test_a_status_is_only_changed_through_its_own_path(both: Both) -> None:
    async def written(side: Side) -> list[Any]:
        place = "networking.k8s.io/v1/ingresses"
        await side.create(place, objects.ingress())
        status = {"status": {"loadBalancer": {"ingress": [{"hostname": "web.example"}]}}}
        return [
            await side.patch(f"{place}/web", status),
            await side.patch(f"{place}/web/status", {**status, "spec": {"ingressClassName": "other"}}),
        ]

    await both.agree(written)


SCALES: dict[str, Callable[[Side], Awaitable[Answer]]] = {
    "read": lambda side: side.get(f"{WEB}/scale"),
    "patched": lambda side: side.patch(f"{WEB}/scale", {"spec": {"replicas": 2}}),
    "patched to fewer than none": lambda side: side.patch(f"{WEB}/scale", {"spec": {"replicas": -1}}),
    "patched with text": lambda side: side.patch(f"{WEB}/scale", {"spec": {"replicas": "two"}}),
    "patched where there is none": lambda side: side.patch(
        "apps/v1/deployments/none/scale", {"spec": {"replicas": 2}}
    ),
    "patched from an old state": lambda side: side.patch(
        f"{WEB}/scale", {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 2}}
    ),
}


@pytest.mark.parametrize("how", SCALES)
async def test_a_scale_is_the_same_small_kind(both: Both, how: str) -> None:
    async def scaled(side: Side) -> Answer:
        await side.create("apps/v1/deployments", objects.workload(replicas=0, paused=True))
        answer = await SCALES[how](side)
        if answer.code == 200:
            answer.body.pop("status")
        return short(answer)

    await both.agree(scaled)


async def test_a_scale_s_manager_is_told_as_one_through_the_subresource(both: Both) -> None:
    async def owners(side: Side) -> Any:
        await side.create(
            "apps/v1/deployments", objects.workload(replicas=0, paused=True), fieldManager="first"
        )
        await side.patch(f"{WEB}/scale", {"spec": {"replicas": 1}}, fieldManager="second")
        answer = await side.get(WEB)
        managers = answer.body["metadata"]["managedFields"]
        return {"managedFields": [each for each in managers if each["manager"] in ("first", "second")]}

    await both.agree(owners)
