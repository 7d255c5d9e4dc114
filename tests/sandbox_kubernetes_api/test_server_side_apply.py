"""Server-side apply: ownership, removal of what is applied no more, conflicts."""

from typing import Any

from tests.sandbox_kubernetes_api.builders import CONFIG_MAPS, DEPLOYMENTS, MERGE, config_map, deployment
from tests.sandbox_kubernetes_api.conftest import Http

SETTINGS = f"{CONFIG_MAPS}/settings"
WEB = f"{DEPLOYMENTS}/web"


def owners(obj: Any) -> dict[str, Any]:
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


async def test_an_apply_creates_and_owns_what_it_sent(http: Http) -> None:
    status, created = await http.apply(SETTINGS, config_map(a="1"))
    assert status == 201
    assert owners(created) == {"me": {"f:data": {"f:a": {}}}}


async def test_an_apply_without_a_difference_spends_no_version(http: Http) -> None:
    _, first = await http.apply(SETTINGS, config_map(a="1"))
    status, again = await http.apply(SETTINGS, config_map(a="1"))
    assert (status, again["metadata"]["resourceVersion"]) == (200, first["metadata"]["resourceVersion"])


async def test_what_is_applied_no_more_is_removed_unless_others_own_it(http: Http) -> None:
    await http.apply(SETTINGS, config_map(mine="1", shared="1"))
    await http.apply(SETTINGS, config_map(shared="1"), manager="you")
    status, changed = await http.apply(SETTINGS, config_map())
    assert status == 200
    assert changed["data"] == {"shared": "1"}


async def test_containers_merge_by_name_across_managers(http: Http) -> None:
    await http.apply(WEB, deployment())
    side: Any = deployment()
    side["spec"] = {"template": {"spec": {"containers": [{"name": "side", "image": "side:v1"}]}}}
    status, both = await http.apply(WEB, side, manager="injector", more="&force=true")
    assert status == 200, both
    assert [c["name"] for c in both["spec"]["template"]["spec"]["containers"]] == ["web", "side"]
    side["spec"] = {}
    _, alone = await http.apply(WEB, side, manager="injector")
    assert [c["name"] for c in alone["spec"]["template"]["spec"]["containers"]] == ["web"]


async def test_another_managers_field_is_a_conflict_until_forced(http: Http) -> None:
    await http.apply(WEB, deployment(replicas=1))
    patch = {"spec": {"replicas": 3}}
    status, _ = await http.ask("PATCH", f"{WEB}?fieldManager=kubectl-scale", patch, kind=MERGE)
    assert status == 200
    status, refused = await http.apply(WEB, deployment(replicas=1))
    assert (status, refused["reason"]) == (409, "Conflict")
    conflict = 'conflict with "kubectl-scale" using apps/v1'
    assert refused["message"] == f"Apply failed with 1 conflict: {conflict}: .spec.replicas"
    assert refused["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": conflict, "field": ".spec.replicas"}
    ]
    status, forced = await http.apply(WEB, deployment(replicas=1), more="&force=true")
    assert (status, forced["spec"]["replicas"]) == (200, 1)
    assert "kubectl-scale" not in owners(forced)


async def test_managed_fields_can_be_rewritten_by_a_patch(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map(a="1"))
    _, cleared = await http.ask("PATCH", SETTINGS, {"metadata": {"managedFields": [{}]}}, kind=MERGE)
    assert "managedFields" not in cleared["metadata"]
    status, _ = await http.apply(SETTINGS, config_map(a="2"))
    assert status == 200


async def test_a_body_of_the_wrong_types_is_refused_in_the_words_of_apply(http: Http) -> None:
    wrong: Any = deployment(replicas="two")
    wrong["spec"]["template"]["spec"]["containers"][0] |= {"image": False, "imagee": "typo"}
    status, refused = await http.apply(WEB, wrong)
    container = '.spec.template.spec.containers[name="web"]'
    assert status == 500
    assert refused["message"].splitlines() == [
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): errors:",
        "  .spec.replicas: expected numeric (int or float), got string",
        f"  {container}.image: expected string, got &value.valueUnstructured{{Value:false}}",
        f"  {container}.imagee: field not declared in schema",
    ]
