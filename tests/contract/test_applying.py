"""Server-side apply, by which Helm and kubectl write: who owns what, conflicts, what is removed and refused."""

from typing import Any

import pytest

from tests.contract import objects
from tests.contract.asking import Answer, Both, Object, Side

WEB = "apps/v1/deployments/web"
SETTINGS = "v1/configmaps/web"


def manifest(api_version: str, kind: str, body: Object) -> Object:
    return {"apiVersion": api_version, "kind": kind, **body}


def settings(**data: str) -> Object:
    return manifest("v1", "ConfigMap", {"metadata": {"name": "web"}, "data": data})


def deployment(**spec: Any) -> Object:
    return manifest("apps/v1", "Deployment", objects.workload(paused=True, **spec))


async def apply(
    side: Side, what: str, body: Object, manager: str, *, force: str = "false", **query: str
) -> Answer:
    asked = {"fieldValidation": "Strict", "force": force, **query}
    return await side.patch(what, body, "apply", fieldManager=manager, **asked)


def owned(answer: Answer) -> Answer:
    """Without what controllers did meanwhile."""
    if answer.code >= 400:
        return answer
    body = {name: value for name, value in answer.body.items() if name != "status"}
    body["metadata"] = dict(body["metadata"])
    managers = body["metadata"].get("managedFields") or []
    body["metadata"]["managedFields"] = [
        each for each in managers if each["manager"] != "kube-controller-manager"
    ]
    annotations = body["metadata"].pop("annotations", {})
    kept = {name: value for name, value in annotations.items() if "revision" not in name}
    if kept:
        body["metadata"]["annotations"] = kept
    return Answer(answer.code, body, answer.warnings)


async def test_an_apply_makes_what_is_not_there(both: Both) -> None:
    async def applied(side: Side) -> list[Answer]:
        return [
            await apply(side, SETTINGS, settings(a="1"), "helm"),
            owned(await apply(side, WEB, deployment(), "helm")),
            await apply(side, "v1/services/web", manifest("v1", "Service", objects.service()), "helm"),
        ]

    answers = await both.agree(applied)
    assert [answer[0] for answer in answers] == [201, 201, 201]


async def test_what_is_applied_no_more_is_removed_unless_another_owns_it(both: Both) -> None:
    async def applied(side: Side) -> list[Answer]:
        await apply(side, SETTINGS, settings(a="1", b="2", c="3"), "helm")
        return [
            await apply(side, SETTINGS, settings(b="2"), "other"),
            await apply(side, SETTINGS, settings(a="1"), "helm"),
            await apply(side, SETTINGS, settings(), "helm"),
            await apply(side, SETTINGS, settings(), "other"),
        ]

    await both.agree(applied)


async def test_the_same_again_changes_nothing(both: Both) -> None:
    async def versions(side: Side) -> bool:
        first = await apply(side, SETTINGS, settings(a="1"), "helm")
        second = await apply(side, SETTINGS, settings(a="1"), "helm")
        return bool(first.body["metadata"]["resourceVersion"] == second.body["metadata"]["resourceVersion"])

    assert await both.agree(versions) is True


async def test_containers_merge_by_their_names(both: Both) -> None:
    def of(*containers: Object) -> Object:
        return deployment(template=objects.template(containers=list(containers)))

    async def applied(side: Side) -> list[Answer]:
        return [
            owned(await apply(side, WEB, of(objects.container("web")), "helm")),
            owned(await apply(side, WEB, of(objects.container("sidecar")), "mesh")),
            owned(await apply(side, WEB, of(objects.container("web"), objects.container("log")), "helm")),
            owned(await apply(side, WEB, of(objects.container("log")), "helm")),
        ]

    await both.agree(applied)


async def test_a_field_of_another_is_a_conflict(both: Both) -> None:
    async def applied(side: Side) -> list[Answer]:
        await apply(side, WEB, deployment(replicas=1), "helm")
        await side.patch(f"{WEB}/scale", {"spec": {"replicas": 3}}, fieldManager="kubectl")
        return [
            await apply(side, WEB, deployment(replicas=2), "helm"),
            owned(await apply(side, WEB, deployment(replicas=3), "helm")),
            owned(await apply(side, WEB, deployment(replicas=2), "helm", force="true")),
        ]

    (code, body, _), _, _ = await both.agree(applied)
    words = 'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas'
    assert (code, body["message"]) == (409, f"Apply failed with 1 conflict: {words}")


async def test_who_scales_to_none_owns_nothing(both: Both) -> None:
    """A Scale leaves out a number of none, so it is no field that one could own."""

    async def applied(side: Side) -> list[Answer]:
        await apply(side, WEB, deployment(replicas=1), "helm")
        await side.patch(f"{WEB}/scale", {"spec": {"replicas": 0}}, fieldManager="kubectl")
        return [owned(await side.get(WEB)), owned(await apply(side, WEB, deployment(replicas=2), "helm"))]

    _, (code, _, _) = await both.agree(applied)
    assert code == 200


async def test_many_conflicts_are_told_by_manager(both: Both) -> None:
    async def applied(side: Side) -> Answer:
        await apply(side, SETTINGS, settings(a="1", b="2", c="3"), "helm")
        await side.patch(SETTINGS, {"data": {"a": "5"}}, fieldManager="first")
        await side.patch(SETTINGS, {"data": {"b": "5", "c": "6"}}, fieldManager="second")
        answer = await apply(side, SETTINGS, settings(a="1", b="2", c="3"), "helm")
        answer.body["details"]["causes"].sort(key=str)  # the real one's come in any order
        return answer

    await both.agree(applied)


async def test_several_conflicts_with_one_manager_are_listed(both: Both) -> None:
    async def applied(side: Side) -> Answer:
        container = {"containers": [{"name": "web", "image": "registry.example/web:v2", "args": ["a"]}]}
        await apply(side, WEB, deployment(replicas=1), "helm")
        patch = {"spec": {"replicas": 0, "template": {"spec": container}}}
        await side.patch(WEB, patch, "strategic", fieldManager="kubectl-edit")
        again = deployment(replicas=1, template=objects.template(containers=[objects.container(args=["b"])]))
        answer = await apply(side, WEB, again, "helm")
        answer.body["details"]["causes"].sort(key=str)
        return answer

    await both.agree(applied)


async def test_what_is_forced_takes_the_field_over(both: Both) -> None:
    async def applied(side: Side) -> list[Answer]:
        await apply(side, SETTINGS, settings(a="1", b="2"), "helm")
        await apply(side, SETTINGS, settings(a="5"), "other", force="true")
        return [
            await side.get(SETTINGS),
            await apply(side, SETTINGS, settings(a="1", b="2"), "helm"),
            await apply(side, SETTINGS, settings(a="1", b="2"), "helm", force="true"),
            await apply(side, SETTINGS, settings(a="5"), "other"),
        ]

    await both.agree(applied)


async def test_an_update_takes_over_what_it_changes(both: Both) -> None:
    async def updated(side: Side) -> list[Answer]:
        await apply(side, SETTINGS, settings(a="1", b="2"), "helm")
        return [
            await side.patch(SETTINGS, {"data": {"a": "1", "b": "3", "c": "4"}}, fieldManager="kubectl-edit"),
            await side.patch(SETTINGS, {"data": {"b": None}}, fieldManager="kubectl-edit"),
            await apply(side, SETTINGS, settings(b="2"), "helm"),
        ]

    await both.agree(updated)


async def test_a_whole_replacement_takes_over_what_it_changes(both: Both) -> None:
    async def replaced(side: Side) -> list[Answer]:
        await apply(side, SETTINGS, settings(a="1", b="2"), "helm")
        return [
            await side.replace(SETTINGS, settings(a="1", b="3")),
            await side.replace(
                SETTINGS, {**settings(a="1"), "metadata": {"name": "web", "resourceVersion": "1"}}
            ),
            await side.replace("v1/configmaps/none", {**settings(), "metadata": {"name": "none"}}),
            await side.replace(SETTINGS, {**settings(), "metadata": {"name": "other"}}),
        ]

    await both.agree(replaced)


async def test_managed_fields_can_be_rewritten(both: Both) -> None:
    """As Helm and kubectl do when they take over what was applied by the client."""

    async def rewritten(side: Side) -> list[Answer]:
        created = await side.create("v1/configmaps", settings(a="1", b="2"), fieldManager="helm")
        (entry,) = created.body["metadata"]["managedFields"]
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": [{**entry, "operation": "Apply"}]},
            {
                "op": "replace",
                "path": "/metadata/resourceVersion",
                "value": created.body["metadata"]["resourceVersion"],
            },
        ]
        return [
            await side.patch(SETTINGS, patch, "json", fieldManager="helm"),
            await apply(side, SETTINGS, settings(a="1"), "helm"),
            await side.patch(SETTINGS, {"metadata": {"managedFields": [{}]}}, fieldManager="helm"),
            await apply(side, SETTINGS, settings(a="2"), "helm"),
        ]

    await both.agree(rewritten)


WRONG: dict[str, tuple[str, Object]] = {
    "an unknown field": (WEB, deployment(replica=1)),
    "text for a number": (WEB, deployment(replicas="two")),
    "a number for text": (
        WEB,
        deployment(template=objects.template(containers=[objects.container(image=1)])),
    ),
    "a list for an object": (WEB, {**deployment(), "spec": []}),
    "an object for a list": (WEB, deployment(template=objects.template(containers={}))),
    "a truth for text": (SETTINGS, {**settings(), "data": {"a": True}}),
    "a number for the text of a config map": (SETTINGS, {**settings(), "data": {"a": 1}}),
    "a container without name": (WEB, deployment(template=objects.template(containers=[{"image": "web"}]))),
    "a container twice": (
        WEB,
        deployment(template=objects.template(containers=[objects.container(), objects.container()])),
    ),
    "a variable twice": (
        WEB,
        deployment(
            template=objects.template(
                containers=[objects.container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])]
            )
        ),
    ),
    "a bad quantity": (
        WEB,
        deployment(
            template=objects.template(containers=[objects.container(resources={"limits": {"cpu": "x"}})])
        ),
    ),
    "what is invalid": (WEB, deployment(replicas=-1)),
    "no selector": (
        WEB,
        manifest(
            "apps/v1", "Deployment", {"metadata": {"name": "web"}, "spec": {"template": objects.template()}}
        ),
    ),
    "another name": (SETTINGS, {**settings(), "metadata": {"name": "other"}}),
    "another namespace": (SETTINGS, {**settings(), "metadata": {"name": "web", "namespace": "elsewhere"}}),
    "no kind": (SETTINGS, {"metadata": {"name": "web"}}),
    "another kind": (SETTINGS, {**settings(), "kind": "Secret"}),
    "managed fields": (
        SETTINGS,
        {**settings(), "metadata": {"name": "web", "managedFields": [{"manager": "me"}]}},
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_cannot_be_applied_is_refused_in_the_same_words(both: Both, what: str) -> None:
    place, body = WRONG[what]
    code, _, _ = await both.agree(lambda side: apply(side, place, body, "helm"))
    assert code >= 400


async def test_who_applies_must_say_who_they_are(both: Both) -> None:
    code, _, _ = await both.agree(lambda side: side.patch(SETTINGS, settings(), "apply", fieldManager=""))
    assert code == 422


async def test_what_cannot_change_is_refused_to_an_apply_as_well(both: Both) -> None:
    async def applied(side: Side) -> Answer:
        await apply(side, WEB, deployment(), "helm")
        other = deployment(selector={"matchLabels": {"app": "b"}}, template=objects.template({"app": "b"}))
        return await apply(side, WEB, other, "helm")

    code, _, _ = await both.agree(applied)
    assert code == 422


async def test_a_dry_run_of_an_apply_keeps_nothing_and_tells_conflicts(both: Both) -> None:
    async def tried(side: Side) -> list[Answer]:
        await apply(side, SETTINGS, settings(a="1"), "helm")
        await side.patch(SETTINGS, {"data": {"a": "2"}}, fieldManager="kubectl-edit")
        return [
            await apply(side, SETTINGS, settings(a="1"), "helm", dryRun="All"),
            await apply(side, SETTINGS, settings(a="1"), "helm", force="true", dryRun="All"),
            await side.get(SETTINGS),
        ]

    await both.agree(tried)
