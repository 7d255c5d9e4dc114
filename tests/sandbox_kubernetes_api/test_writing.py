"""Creates, updates and patches: what becomes of a body, and which are refused in which words."""

from tests.sandbox_kubernetes_api.builders import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JSON_PATCH,
    MERGE,
    STRATEGIC,
    config_map,
    deployment,
    pod,
    service,
)
from tests.sandbox_kubernetes_api.conftest import Http


async def test_a_create_fills_in_identity_and_defaults(http: Http) -> None:
    body = deployment()
    del body["spec"]["replicas"]
    created = await http.create(DEPLOYMENTS, body)
    assert created["metadata"]["uid"]
    assert created["metadata"]["generation"] == 1
    assert created["metadata"]["namespace"] == "default"
    assert created["spec"]["replicas"] == 1
    container = created["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert container["imagePullPolicy"] == "IfNotPresent"


async def test_generate_name_makes_a_fresh_name_each_time(http: Http) -> None:
    body = config_map()
    body["metadata"] = {"generateName": "job-"}
    names = {(await http.create(CONFIG_MAPS, body))["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


async def test_services_get_addresses_of_their_own(http: Http) -> None:
    first = await http.create("/api/v1/namespaces/default/services", service("a"))
    second = await http.create("/api/v1/namespaces/default/services", service("b"))
    assert first["spec"]["clusterIP"] != second["spec"]["clusterIP"]
    assert first["spec"]["ports"][0]["targetPort"] == 80


async def test_undeclared_fields_are_refused_dropped_or_warned_of(http: Http) -> None:
    body = deployment(sizee=3)
    status, refused = await http.ask("POST", f"{DEPLOYMENTS}?fieldValidation=Strict", body)
    assert status == 400
    assert 'strict decoding error: unknown field "spec.sizee"' in refused["message"]
    async with http.session.post(http.url + DEPLOYMENTS, json=body) as answer:
        assert answer.headers["Warning"] == '299 - "unknown field \\"spec.sizee\\""'
        assert "sizee" not in (await answer.json())["spec"]


async def test_a_second_create_conflicts(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map())
    status, answer = await http.ask("POST", CONFIG_MAPS, config_map())
    assert (status, answer["reason"]) == (409, "AlreadyExists")
    assert answer["message"] == 'configmaps "settings" already exists'


async def test_an_update_from_an_old_state_conflicts(http: Http) -> None:
    old = await http.create(CONFIG_MAPS, config_map(a="1"))
    path = f"{CONFIG_MAPS}/settings"
    assert (await http.ask("PUT", path, {**old, "data": {"a": "2"}}))[0] == 200
    status, answer = await http.ask("PUT", path, {**old, "data": {"a": "3"}})
    assert (status, answer["reason"]) == (409, "Conflict")
    assert "the object has been modified" in answer["message"]


async def test_dry_runs_answer_and_keep_nothing(http: Http) -> None:
    status, answer = await http.ask("POST", f"{CONFIG_MAPS}?dryRun=All", config_map())
    assert (status, answer["metadata"]["name"]) == (201, "settings")
    assert (await http.ask("GET", f"{CONFIG_MAPS}/settings"))[0] == 404


async def test_generation_counts_changes_of_the_spec_only(http: Http) -> None:
    await http.create(DEPLOYMENTS, deployment(replicas=0))
    path = f"{DEPLOYMENTS}/web"
    _, labelled = await http.ask("PATCH", path, {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)
    assert labelled["metadata"]["generation"] == 1
    _, paused = await http.ask("PATCH", path, {"spec": {"paused": True}}, kind=MERGE)
    assert paused["metadata"]["generation"] == 2


async def test_status_changes_only_through_its_subresource(http: Http) -> None:
    await http.create("/api/v1/namespaces/default/pods", pod())
    path = "/api/v1/namespaces/default/pods/lonely"
    patch = {"status": {"message": "hello"}, "metadata": {"labels": {"a": "b"}}}
    _, whole = await http.ask("PATCH", path, patch, kind=MERGE)
    assert "message" not in whole["status"]
    assert whole["metadata"]["labels"] == {"a": "b"}
    _, status = await http.ask("PATCH", f"{path}/status", {"status": {"message": "hello"}}, kind=MERGE)
    assert status["status"]["message"] == "hello"


async def test_a_strategic_patch_merges_containers_by_name(http: Http) -> None:
    await http.create(DEPLOYMENTS, deployment())
    containers = [{"name": "web", "env": [{"name": "A", "value": "1"}]}, {"name": "side", "image": "side:v1"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    status, patched = await http.ask("PATCH", f"{DEPLOYMENTS}/web", patch, kind=STRATEGIC)
    assert status == 200
    web, side = patched["spec"]["template"]["spec"]["containers"]
    assert (web["image"], web["env"]) == ("registry.example/web:v1", [{"name": "A", "value": "1"}])
    assert side["name"] == "side"
    patch["spec"]["template"]["spec"]["containers"] = [{"name": "side", "$patch": "delete"}]
    _, patched = await http.ask("PATCH", f"{DEPLOYMENTS}/web", patch, kind=STRATEGIC)
    assert [c["name"] for c in patched["spec"]["template"]["spec"]["containers"]] == ["web"]


async def test_a_json_patch_whose_test_fails_changes_nothing(http: Http) -> None:
    await http.create(CONFIG_MAPS, config_map(a="1"))
    patch = [{"op": "test", "path": "/data/a", "value": "2"}, {"op": "remove", "path": "/data/a"}]
    status, _ = await http.ask("PATCH", f"{CONFIG_MAPS}/settings", patch, kind=JSON_PATCH)
    assert status == 422
    assert (await http.get(f"{CONFIG_MAPS}/settings"))["data"] == {"a": "1"}


async def test_immutable_fields_answer_so(http: Http) -> None:
    created = await http.create(DEPLOYMENTS, deployment())
    del created["metadata"]["resourceVersion"]  # the controllers write status meanwhile
    created["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    created["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    status, answer = await http.ask("PUT", f"{DEPLOYMENTS}/web", created)
    assert status == 422
    assert answer["message"].startswith('Deployment.apps "web" is invalid: spec.selector: Invalid value:')
    assert answer["message"].endswith("field is immutable")
    assert answer["details"]["causes"][0]["field"] == "spec.selector"


async def test_quantities_are_kept_as_text(http: Http) -> None:
    body = deployment(replicas=0)
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": 2, "memory": "1Gi"}}
    created = await http.create(DEPLOYMENTS, body)
    resources = created["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources["limits"] == resources["requests"] == {"cpu": "2", "memory": "1Gi"}


async def test_an_autoscaler_is_the_same_in_both_versions(http: Http) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}
    old, new = (f"/apis/autoscaling/{v}/namespaces/default/horizontalpodautoscalers" for v in ("v1", "v2"))
    await http.create(old, {"metadata": {"name": "web"}, "spec": spec})
    seen = await http.get(f"{new}/web")
    assert seen["apiVersion"] == "autoscaling/v2"
    assert seen["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 50
    assert (await http.ask("PUT", f"{new}/web", seen))[0] == 200
    assert (await http.get(f"{old}/web"))["spec"]["targetCPUUtilizationPercentage"] == 50
