"""Of thousands of pods only what causes look at is kept, and that tells the same as the whole."""

from __future__ import annotations

from typing import Any

import pytest

from bot.rollout.causes import POD_CAUSES, PodView, first
from bot.rollout.picture import Picture
from bot.rollout.slimming import Slimmer
from bot.rollout.workloads import claim_names
from tests.rollout.recorded import event, pod, running
from tests.rollout.test_each_pod_trouble_is_named import EVENTS, ROWS


@pytest.mark.parametrize("shown", [row[2] for row in (*ROWS, *EVENTS)])
def test_a_slim_pod_has_the_same_trouble(shown: dict[str, Any]) -> None:
    assert first(POD_CAUSES, PodView(Slimmer()(shown))) == first(POD_CAUSES, PodView(shown))


def test_a_slim_pod_still_names_its_claims_and_nothing_else_of_its_volumes() -> None:
    whole = pod(running(ready=True))
    whole["spec"]["volumes"] = [
        {"name": "token", "projected": {"sources": []}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-shop-0"}},
    ]
    slim = Slimmer()(whole)
    assert claim_names(slim) == ["data-shop-0"]
    assert len(slim["spec"]["volumes"]) == 1


def test_pods_of_one_template_share_what_they_have_alike() -> None:
    slimmer = Slimmer()
    one, other = (slimmer(pod(running(ready=True), name=name)) for name in ("shop-a", "shop-b"))
    assert one["spec"]["containers"] is other["spec"]["containers"]
    assert one["metadata"]["ownerReferences"] is other["metadata"]["ownerReferences"]
    assert one["metadata"]["name"] != other["metadata"]["name"]


@pytest.mark.parametrize(
    ("kind", "reason", "kept"),
    [
        ("Normal", "Pulled", False),
        ("Normal", "Killing", True),
        ("Normal", "FailedBinding", True),
        ("Warning", "FailedMount", True),
    ],
)
def test_of_normal_events_those_are_kept_that_causes_go_by(kind: str, reason: str, kept: bool) -> None:
    picture, shown = Picture(), pod()
    picture.put(Slimmer()(event(shown, reason, "so it was") | {"type": kind}))
    assert bool(picture.events(shown)) is kept


def test_a_list_that_is_null_is_none() -> None:
    whole = pod(running(ready=True))
    whole["spec"]["initContainers"] = None
    whole["status"] |= {"initContainerStatuses": None, "conditions": None}
    assert first(POD_CAUSES, PodView(Slimmer()(whole))) is None
