"""Names, addresses and versions that the server gives by itself."""

from tests.sandbox_kubernetes_api.builders import (
    CONFIG_MAPS,
    config_map,
    service,
)
from tests.sandbox_kubernetes_api.conftest import Http


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
