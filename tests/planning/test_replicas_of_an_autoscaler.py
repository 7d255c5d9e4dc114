"""Replicas that an autoscaler sets: whose they are, and what is said where the chart sets them too."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.planning.manifests import Manifest
from bot.planning.scaling import (
    autoscaled,
    by_autoscaler,
    is_autoscaled,
    leaving,
    replicas_of,
    unsettled,
    values,
)
from bot.planning.trial import Autoscaled
from tests.planning.objects import NAMESPACE, deployment, objects

SHOP = objects(deployment(replicas=2))[0]


def autoscaler(name: str = "shop", kind: str = "Deployment") -> Manifest:
    (found,) = objects(
        f"""
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {{name: of-{name}}}
        spec: {{scaleTargetRef: {{kind: {kind}, name: {name}}}}}
        """
    )
    return found


def live(replicas: Any = 5, *entries: dict[str, Any]) -> dict[str, Any]:
    """The Deployment as the cluster has it; its replicas are an autoscaler's if nothing else is said."""
    usual = {
        "manager": "kube-controller-manager",
        "subresource": "scale",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }
    return {"metadata": {"managedFields": list(entries or (usual,))}, "spec": {"replicas": replicas}}


@pytest.mark.parametrize(
    ("manager", "subresource", "is_one"),
    [
        ("kube-controller-manager", "scale", True),
        ("horizontal-pod-autoscaler", "scale", True),
        ("keda", "scale", True),
        ("keda-operator", "scale", True),
        ("kube-controller-manager", "", False),
        ("kube-controller-manager", "status", False),
        ("kubectl", "scale", False),
        ("pilothouse-autoscaled", "", True),
        ("pilothouse-autoscaled", "scale", True),
        ("pilothouse", "scale", False),
    ],
)
def test_an_autoscaler_is_known_by_its_name_and_way(manager: str, subresource: str, is_one: bool) -> None:
    assert by_autoscaler(manager, subresource) is is_one


@pytest.mark.parametrize(
    ("item", "is_one"),
    [
        (live(), True),
        (live(5, {"manager": "pilothouse-autoscaled", "fieldsV1": {"f:spec": {"f:replicas": {}}}}), True),
        (live(5, {"subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}), False),
        (
            live(5, {"manager": "keda", "subresource": "scale", "fieldsV1": {"f:spec": {"f:paused": {}}}}),
            False,
        ),
        (live(5, {"manager": "keda", "subresource": "scale", "fieldsV1": {"f:spec": None}}), False),
        (live(5, {"manager": "keda", "subresource": "scale"}), False),
        (live(5, {"manager": "helm", "fieldsV1": {"f:spec": {"f:replicas": {}}}}), False),
        ({"metadata": None}, False),
        ({}, False),
    ],
)
def test_an_object_is_autoscaled_whose_replicas_an_autoscaler_owns(
    item: dict[str, Any], is_one: bool
) -> None:
    assert is_autoscaled(item) is is_one


def test_what_the_autoscaler_set_otherwise_than_the_chart_is_both_numbers() -> None:
    assert autoscaled(SHOP, live(5)) == (Autoscaled("apps/v1", "Deployment", NAMESPACE, "shop", 5, 2),)


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        (SHOP, None),
        (SHOP, live(2)),
        (SHOP, live(None)),
        (SHOP, {"metadata": live()["metadata"]}),
        (
            SHOP,
            live(
                5, {"manager": "kubectl", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
            ),
        ),
        (Manifest(SHOP.key, {**SHOP.object, "spec": {}}), live(5)),
    ],
)
def test_there_is_nothing_to_settle_where_chart_and_autoscaler_do_not_differ(
    wanted: Manifest, there: dict[str, Any] | None
) -> None:
    assert autoscaled(wanted, there) == ()


def test_an_autoscaler_that_goes_leaves_its_workload_to_the_chart() -> None:
    before = [SHOP, autoscaler(), autoscaler("worker", "StatefulSet")]
    assert leaving(before, [autoscaler("worker", "StatefulSet")]) == {("Deployment", "shop")}
    assert leaving(before, before) == frozenset()
    bare = Manifest(autoscaler().key, {**autoscaler().object, "spec": None})
    assert leaving([bare], []) == {("None", "None")}


@pytest.mark.parametrize(
    ("item", "number"),
    [
        ({"spec": {"replicas": 3}}, 3),
        ({"spec": {"replicas": 0}}, 0),
        ({"spec": {"replicas": "3"}}, None),
        ({"spec": {"replicas": True}}, None),
        ({"spec": {}}, None),
        ({"spec": ["replicas"]}, None),
        ({}, None),
    ],
)
def test_replicas_are_a_whole_number_or_not_said(item: dict[str, Any], number: int | None) -> None:
    assert replicas_of(item) == number


@pytest.mark.parametrize(
    ("settled", "told"),
    [
        ([], ["Deployment shop: chart and autoscaler both set replicas. Leave them out of the chart"]),
        ([Autoscaled("apps/v1", "Deployment", NAMESPACE, "shop", 5, 2)], []),
        (
            [Autoscaled("apps/v1", "StatefulSet", NAMESPACE, "shop", 5, 2)],
            ["Deployment shop: chart and autoscaler both set replicas. Leave them out of the chart"],
        ),
    ],
)
def test_two_that_agree_now_may_not_agree_tomorrow(settled: Sequence[Autoscaled], told: list[str]) -> None:
    assert unsettled([SHOP, autoscaler()], settled) == told


def image(reference: str) -> dict[str, Any]:
    return objects(deployment(reference))[0].object


OF_SHOP = '.spec.template.spec.containers[name="shop"].image'


@pytest.mark.parametrize(
    ("field", "now", "then", "said"),
    [
        (".spec.replicas", {"spec": {"replicas": 5}}, SHOP.object, ("5", "2")),
        (".spec.replicas", {}, {}, ("", "")),
        (OF_SHOP, image("r.example/a/shop:v1"), image("r.example/a/shop:v2@sha256:4f"), ("v1", "v2")),
        (OF_SHOP, image("localhost:5000/shop"), image("shop@sha256:4f"), ("shop", "shop")),
        (OF_SHOP.replace('"shop"', '"other"'), image("shop:v1"), image("shop:v2"), ("", "")),
        (OF_SHOP.replace("containers", "initContainers"), image("shop:v1"), image("shop:v2"), ("v1", "v2")),
        (OF_SHOP + "s", image("shop:v1"), image("shop:v2"), ("", "")),
        (".data.PASSWORD", {"data": {"PASSWORD": "a"}}, {"data": {"PASSWORD": "b"}}, ("", "")),
    ],
)
def test_of_a_contested_field_only_replicas_and_images_are_said(
    field: str, now: dict[str, Any], then: dict[str, Any], said: tuple[str, str]
) -> None:
    assert values(field, now, then) == said
