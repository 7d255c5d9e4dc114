"""A CustomResourceDefinition becomes a resource: served, validated, defaulted, discovered, and gone with it."""

from typing import Any

import pytest

from tests.sandbox_kubernetes_api.builders import MERGE
from tests.sandbox_kubernetes_api.conftest import Http

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BACKUPS = "/apis/example.com/v1/namespaces/default/backups"


@pytest.fixture
async def backups(http: Http) -> None:
    spec = {
        "required": ["schedule"],
        "type": "object",
        "properties": {"schedule": {"type": "string"}, "keep": {"type": "integer", "default": 7}},
    }
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}},
        },
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Keep", "type": "integer", "jsonPath": ".spec.keep"}],
    }
    names = {"plural": "backups", "kind": "Backup", "shortNames": ["bk"]}
    definition = {
        "metadata": {"name": "backups.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    created = await http.create(DEFINITIONS, definition)
    conditions = {c["type"]: c["status"] for c in created["status"]["conditions"]}
    assert conditions["Established"] == "True"


def backup(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Backup", "metadata": {"name": "db"}, "spec": spec}


@pytest.mark.usefixtures("backups")
async def test_objects_of_the_new_kind_are_kept_with_its_defaults(http: Http) -> None:
    created = await http.create(BACKUPS, backup(schedule="@daily"))
    assert created["spec"] == {"schedule": "@daily", "keep": 7}
    assert created["metadata"]["generation"] == 1
    _, patched = await http.ask("PATCH", f"{BACKUPS}/db", {"spec": {"keep": 3}}, kind=MERGE)
    assert (patched["spec"]["keep"], patched["metadata"]["generation"]) == (3, 2)
    _, status = await http.ask("PATCH", f"{BACKUPS}/db/status", {"status": {"any": {"thing": 1}}}, kind=MERGE)
    assert status["status"] == {"any": {"thing": 1}}
    assert status["metadata"]["generation"] == 2


@pytest.mark.usefixtures("backups")
async def test_objects_that_break_the_schema_are_refused(http: Http) -> None:
    status, answer = await http.ask("POST", BACKUPS, backup(keep=1))
    assert status == 422
    assert answer["message"] == 'Backup.example.com "db" is invalid: spec.schedule: Required value'
    status, answer = await http.ask("POST", BACKUPS, backup(schedule="@daily", keep="three"))
    assert status == 422
    assert "spec.keep" in answer["message"]


@pytest.mark.usefixtures("backups")
async def test_the_new_kind_is_applied_discovered_and_printed(http: Http) -> None:
    status, _ = await http.apply(f"{BACKUPS}/db", backup(schedule="@daily"))
    assert status == 201
    listed = await http.get("/apis/example.com/v1")
    assert [resource["name"] for resource in listed["resources"]] == ["backups", "backups/status"]
    table = await http.get(BACKUPS, Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert table["rows"][0]["cells"] == ["db", 7]
    document = await http.get("/openapi/v3/apis/example.com/v1")
    assert "com.example.v1.Backup" in document["components"]["schemas"]


@pytest.mark.usefixtures("backups")
async def test_with_its_definition_the_kind_and_its_objects_go(http: Http) -> None:
    await http.create(BACKUPS, backup(schedule="@daily"))
    await http.ask("DELETE", f"{DEFINITIONS}/backups.example.com")
    async with http.session.get(http.url + BACKUPS) as answer:
        assert answer.status == 404
    assert "example.com" not in [group["name"] for group in (await http.get("/apis"))["groups"]]
