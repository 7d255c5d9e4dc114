"""Fields that somebody else has set since: named before they are taken over, an autoscaler's left alone."""

from __future__ import annotations

from bot.cluster import Ref
from bot.planning.trial import Autoscaled, Contest
from tests.dry_run.asking import Place, autoscaler, config, deployment

AUTOSCALER = "kube-controller-manager"


async def test_who_scaled_is_named_with_both_numbers(place: Place) -> None:
    before = await place.applied(deployment(2))
    await place.scaled(5)
    trial = await place.trial(before, deployment(3))
    assert trial.contests == (Contest("Deployment shop", ".spec.replicas", "kubectl", "5", "3"),)
    assert not trial.is_refused
    (contest,) = trial.contests
    assert contest.sentence("deploy") == (
        "Deployment shop: replicas are kept by kubectl (5), this deploy wants 3"
    )
    assert trial.beyond([contest.id]) == ()


async def test_what_the_plan_leaves_as_it_is_may_be_contested_as_well(place: Place) -> None:
    before = await place.applied(deployment(2) + config(MODE="a"))
    await place.scaled(5)
    (contest,) = (await place.trial(before, deployment(2) + config(MODE="b"))).contests
    assert contest.name == "replicas"


async def test_an_image_is_shown_and_other_values_are_not(place: Place) -> None:
    before = await place.applied(deployment() + config(MODE="a"))
    await place.patched(place.shop, _image("shop:fixed"), manager="kubectl-set")
    await place.patched(_env(place), {"data": {"MODE": "hunter2"}}, manager="kubectl")
    trial = await place.trial(before, deployment(image="shop:v2") + config(MODE="b"))
    assert sorted(each.sentence("deploy") for each in trial.contests) == [
        "ConfigMap shop-env: data.MODE is kept by kubectl, this deploy wants it otherwise",
        "Deployment shop: image of web is kept by kubectl-set (fixed), this deploy wants v2",
    ]


async def test_once_taken_over_it_may_still_be_refused(place: Place) -> None:
    before = await place.applied(deployment(2))
    await place.scaled(5)
    trial = await place.trial(before, deployment(-1))
    assert [each.name for each in trial.contests] == ["replicas"]
    assert trial.is_refused


async def test_an_autoscalers_number_stays(place: Place) -> None:
    before = await place.applied(deployment(2) + autoscaler())
    await place.scaled(4, manager=AUTOSCALER)
    trial = await place.trial(before, deployment(3) + autoscaler())
    assert trial.contests == ()
    assert trial.autoscaled == (Autoscaled("apps/v1", "Deployment", place.namespace, "shop", 4, 3),)
    assert trial.warnings == ()


async def test_where_the_autoscaler_goes_its_number_is_anybodys(place: Place) -> None:
    before = await place.applied(deployment(2) + autoscaler())
    await place.scaled(4, manager=AUTOSCALER)
    trial = await place.trial(before, deployment(3))
    assert trial.autoscaled == ()
    assert [each.manager for each in trial.contests] == [AUTOSCALER]


async def test_a_chart_that_sets_what_its_autoscaler_sets_is_told_so(place: Place) -> None:
    (warning,) = (await place.trial([], deployment(2) + autoscaler())).warnings
    assert warning == ("Deployment shop: chart and autoscaler both set replicas. Leave them out of the chart")
    assert (await place.trial([], deployment(None) + autoscaler())).warnings == ()


def _image(image: str) -> dict[str, object]:
    container = {"name": "web", "image": image, "ports": [{"containerPort": 8080}]}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def _env(place: Place) -> Ref:
    return Ref("v1", "ConfigMap", "shop-env", place.namespace)
