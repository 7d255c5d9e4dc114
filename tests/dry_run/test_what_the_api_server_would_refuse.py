"""What an API server would not take is in the plan, in words, before anything was sent for good."""

from __future__ import annotations

import pytest

from bot.access import Identity
from bot.planning.trial import Trial
from tests.dry_run.asking import Place, config, deployment, job, rendered

STRANGER = Identity("nobody@example.org")

PORT = {"port": 80, "targetPort": 8080}


async def test_nothing_is_said_of_what_would_be_taken(place: Place) -> None:
    before = await place.applied(deployment() + config(MODE="a"))
    assert await place.trial(before, deployment(3) + config(MODE="b") + config("new")) == Trial()


@pytest.mark.parametrize(
    ("after", "what", "words"),
    [
        pytest.param(
            deployment(selector={"matchLabels": {"app": "shop", "tier": "web"}}),
            "Deployment shop",
            "spec.selector cannot change in place",
            id="immutable",
        ),
        pytest.param(
            deployment(replica=3), "Deployment shop", "There is no field spec.replica", id="unknown"
        ),
        pytest.param(config(MODE=5), "ConfigMap shop-env", "data.MODE must be a string", id="type"),
        pytest.param(
            rendered("example.org/v1", "Thing", "shop"),
            "Thing shop",
            "The cluster knows no Thing of example.org/v1",
            id="no group",
        ),
        pytest.param(
            rendered("apps/v1", "Thing", "shop"),
            "Thing shop",
            "The cluster knows no Thing of apps/v1",
            id="no kind",
        ),
        pytest.param(
            rendered("v1", "Service", "shop", spec={"ports": [PORT], "clusterIP": "10.96.1.1"}),
            "Service shop",
            "spec.clusterIPs[0] cannot change in place",
            id="address",
        ),
        pytest.param(deployment(-1), "Deployment shop", "spec.replicas is not valid", id="invalid"),
    ],
)
async def test_a_refusal_is_said_in_words_and_closes_the_plan(
    place: Place, after: str, what: str, words: str
) -> None:
    service = rendered("v1", "Service", "shop", spec={"ports": [PORT]})
    before = await place.applied(deployment() + service)
    if "tier" in after:
        after = after.replace("labels:\n        app: shop", "labels:\n        app: shop\n        tier: web")
    (refusal,) = (await place.trial(before, after)).refusals
    assert (refusal.what, refusal.words) == (what, words)
    assert refusal.advice
    assert (await place.trial(before, after)).is_refused


async def test_a_missing_namespace_is_said_once_for_all_objects(place: Place) -> None:
    away = "metadata:\n  namespace: not-there\n"
    text = (config("one") + config("two")).replace("metadata:\n", away)
    (refusal,) = (await place.trial([], text)).refusals
    assert refusal.sentence == "ConfigMap one and 1 more: There is no namespace not-there"


async def test_what_helm_makes_first_is_not_missing(place: Place) -> None:
    elsewhere = Place(place.cluster, "made-by-helm")
    trial = await elsewhere.trial([], deployment(), makes_namespace=True)
    assert not trial.refusals
    assert trial.untried == "Namespace made-by-helm is made first: what comes into it could not be tried"

    thing = rendered("example.org/v1", "Thing", "shop")
    assert await place.trial([], thing, brings=frozenset({("example.org", "Thing")})) == Trial()


async def test_the_persons_own_rights_decide(place: Place) -> None:
    (refusal,) = (await place.trial([], deployment(), as_=STRANGER)).refusals
    assert refusal.words == f"{STRANGER.user} may not patch deployments in {place.namespace}"


async def test_what_helm_alone_wrote_and_leaves_is_not_asked_about(place: Place) -> None:
    before = await place.applied(deployment() + config(MODE="a"))
    trial = await place.trial(before, deployment() + config(MODE="b"), as_=STRANGER)
    assert [each.what for each in trial.refusals] == ["ConfigMap shop-env"]


async def test_a_helm_3_release_is_tried_as_helm_would_patch_it(place: Place) -> None:
    before = await place.applied(deployment(minReadySeconds=5) + config(MODE="a"))
    await place.recorded(7)
    await place.scaled(5)
    trial = await place.trial(before, deployment(3) + config(MODE="b") + config("new"), revision=7)
    assert trial == Trial(by_server=False), "Helm writes over what others set, and the server takes it"

    moved = deployment(selector={"matchLabels": {"app": "other"}}).replace(
        "app: shop\n    spec", "app: other\n    spec"
    )
    (refusal,) = (await place.trial(before, moved, revision=7)).refusals
    assert refusal.words == "spec.selector cannot change in place"
    (warning,) = (await place.trial(before, deployment(replica=3), revision=7)).warnings
    assert warning == 'Deployment shop: unknown field "spec.replica"'


async def test_a_hook_is_tried_too_and_named(place: Place) -> None:
    hooks = place.objects(job("bad", restarts="Always") + job("good"))
    (refusal,) = (await place.trial([], config("one"), hooks=hooks)).refusals
    assert refusal.what == "Job bad"
    assert "restartPolicy" in refusal.sentence
