"""Rows 44 to 47: what is said beside "healthy", and an autoscaler that a chart disagrees with."""

from __future__ import annotations

import pytest

from bot.rollout import autoscaler_fights
from bot.rollout.causes import condition
from tests.real_failures.following import Followed, Place, made
from tests.real_failures.objects import Object, deployment, item

pytestmark = pytest.mark.asyncio(loop_scope="session")


def service(name: str, app: str) -> Object:
    return item("v1", "Service", name, spec={"selector": {"app": app}, "ports": [{"port": 80}]})


def autoscaler(app: str, least: int = 1) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": app}
    cpu = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
    spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": 5, "metrics": [cpu]}
    return item("autoscaling/v2", "HorizontalPodAutoscaler", app, spec=spec)


def ingress(name: str, of_class: str) -> Object:
    backend = {"service": {"name": name, "port": {"number": 80}}}
    spec = {"ingressClassName": of_class, "defaultBackend": backend}
    return item("networking.k8s.io/v1", "Ingress", name, spec=spec)


async def test_a_service_whose_selector_fits_no_pod(place: Place) -> None:
    items = deployment("it-serves"), service("it-serves", "it-serves"), service("it-misses", "it-servse")
    seen = await place.followed(lambda: place.create(*items), *items)
    assert said(seen) == [("Service/it-misses", "The Service points at nothing", "app=it-servse")]
    await place.delete(*items)


async def test_an_ingress_whose_class_nobody_has(place: Place) -> None:
    items = deployment("it-shines"), service("it-shines", "it-shines"), ingress("it-shines", "shiny")
    seen = await place.followed(lambda: place.create(*items), *items)
    assert said(seen) == [("Ingress/it-shines", "No controller serves the class shiny", "")]

    shiny = item("networking.k8s.io/v1", "IngressClass", "shiny", spec={"controller": "example.org/shiny"})
    async with made(place.cluster, shiny):
        seen = await place.followed(lambda: place.change(items[0], minReadySeconds=0), *items)
    assert said(seen) == []
    await place.delete(*items)


async def test_an_autoscaler_without_metrics(place: Place) -> None:
    items = deployment("it-grows"), autoscaler("it-grows")
    await place.create(*items)
    await place.until("autoscaling/v2", "HorizontalPodAutoscaler", is_blind)
    seen = await place.followed(lambda: place.change(items[0], minReadySeconds=0), *items)
    ((where, words, quote),) = said(seen)
    assert (where, words) == ("HorizontalPodAutoscaler/it-grows", "The autoscaler has no metrics")
    assert "the server could not find the requested resource (get pods.metrics.k8s.io)" in quote
    await place.delete(*items)


async def test_a_chart_and_an_autoscaler_that_disagree(place: Place) -> None:
    items = deployment("it-fights", replicas=1), autoscaler("it-fights", least=2)
    (fight,) = autoscaler_fights(items)
    assert (fight.where, fight.words) == ("Deployment/it-fights", "Chart and autoscaler disagree on replicas")
    await place.create(*items)
    await place.until("apps/v1", "Deployment", scaled_up)
    await place.delete(*items)


def said(seen: Followed) -> list[tuple[str, str, str]]:
    """The warnings beside a healthy end."""
    assert seen.verdict.health == "healthy"
    return [(each.where, each.words, each.quote) for each in seen.verdict.troubles]


def is_blind(scaler: Object) -> bool:
    return condition(scaler, "ScalingActive").get("status") == "False"


def scaled_up(found: Object) -> bool:
    return bool(found["metadata"]["name"] == "it-fights" and found["spec"]["replicas"] == 2)
