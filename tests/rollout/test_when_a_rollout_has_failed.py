"""The rules of time: when a trouble ends the wait, when it holds it, and when "ready" is believed."""

from __future__ import annotations

from dataclasses import replace

from bot.events import PodTrouble, TroubleCleared, WorkloadProgress
from bot.rollout import ObjectRef, Rules
from bot.rollout.assessing import assess
from bot.rollout.course import Course
from bot.rollout.verdicts import Verdict
from tests.rollout.recorded import (
    Raw,
    backed_off,
    deployment,
    picture,
    pod,
    replica_set,
    running,
    unschedulable,
    waiting,
)

SHOP = ObjectRef("apps/v1", "Deployment", "shop")
RULES = Rules(crash_restarts=3, image_grace=60, timeout=300, settle=5)


class Rollout:
    """A course that has been applied at second 0, fed with pictures."""

    def __init__(
        self, rules: Rules = RULES, *, held: bool = False, unwell: dict[str, int] | None = None
    ) -> None:
        self.course = Course([SHOP], rules, held=held)
        self.unwell = unwell
        self.course.applied(0.0)

    def at(self, now: float, *items: Raw) -> list[object]:
        found = assess(picture(*items), [SHOP], RULES, applied=True, unwell=self.unwell)
        return list(self.course.step(found, now, applied=True))

    @property
    def verdict(self) -> Verdict | None:
        return self.course.verdict


def new(*items: Raw, ready: int = 0) -> tuple[Raw, ...]:
    return deployment(replicas=1, ready=ready), replica_set(), *items


MISSING = waiting("ErrImagePull", "shop:v1.2: not found")


def test_a_missing_image_gets_its_grace() -> None:
    rollout = Rollout()
    (*_, told) = rollout.at(0, *new(pod(MISSING)))
    assert isinstance(told, PodTrouble)
    assert rollout.course.wakes_at <= 60
    rollout.at(59, *new(pod(MISSING)))
    assert rollout.verdict is None
    rollout.at(60, *new(pod(MISSING)))
    assert rollout.verdict is not None
    assert (rollout.verdict.health, rollout.verdict.words) == ("failed", "Image shop:v1.2 does not exist")


def test_a_tight_quota_has_its_grace_from_the_last_pod_that_came_in() -> None:
    full = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: few, requested: pods=1"}
    newest, rollout = replica_set(conditions=[full]), Rollout()
    rollout.at(0, deployment(replicas=4, updated=1), newest)
    rollout.at(50, deployment(replicas=4, updated=2), newest)
    rollout.at(100, deployment(replicas=4, updated=2), newest)
    assert rollout.verdict is None
    rollout.at(110, deployment(replicas=4, updated=2), newest)
    assert rollout.verdict is not None
    assert rollout.verdict.words == "The namespace's quota of pods is used up"


def test_the_back_off_between_pulls_does_not_start_the_grace_anew() -> None:
    rollout = Rollout()
    rollout.at(0, *new(pod(MISSING)))
    rollout.at(30, *new(pod(waiting("ImagePullBackOff", "shop:v1.2: not found"))))
    rollout.at(61, *new(pod(MISSING)))
    assert rollout.verdict is not None


def test_an_image_that_appears_in_time_clears_the_trouble() -> None:
    rollout = Rollout()
    rollout.at(0, *new(pod(MISSING)))
    assert rollout.at(30, *new(pod(waiting("ContainerCreating")))) == []
    assert rollout.at(33, *new(pod(waiting("ContainerCreating")))) == [
        TroubleCleared("shop-5d4f-x2k4p", "image-missing", "Deployment/shop")
    ]


def test_an_invalid_image_fails_at_once() -> None:
    rollout = Rollout()
    rollout.at(0, *new(pod(waiting("InvalidImageName"))))
    assert rollout.verdict is not None


def test_a_crash_loop_fails_after_three_restarts() -> None:
    rollout = Rollout()
    rollout.at(5, *new(pod(backed_off(1, restarts=2))))
    assert rollout.verdict is None
    rollout.at(40, *new(pod(backed_off(1, restarts=3))))
    assert rollout.verdict is not None
    assert rollout.verdict.troubles[0].restarts == 3


def test_where_nobody_can_be_asked_a_full_cluster_ends_without_a_verdict_on_the_version() -> None:
    full = unschedulable("0/3 nodes are available: 3 Insufficient cpu.")
    rollout = Rollout(replace(RULES, holds=False))
    rollout.at(0, *new(full))
    rollout.at(299, *new(full))
    assert rollout.verdict is None
    rollout.at(300, *new(full))
    assert rollout.verdict is not None
    assert rollout.verdict.health == "unknown"
    assert rollout.verdict.words.startswith("No node has cpu free")


def test_the_time_out_counts_from_the_last_progress() -> None:
    rollout = Rollout()
    rollout.at(0, *new(pod(running(ready=False))))
    ready = pod(running(ready=True), conditions=({"type": "Ready", "status": "True"},))
    rollout.at(200, deployment(replicas=2, ready=1), replica_set(), ready)
    rollout.at(499, deployment(replicas=2, ready=1), replica_set(), ready)
    assert rollout.verdict is None
    rollout.at(500, deployment(replicas=2, ready=1), replica_set(), ready)
    assert rollout.verdict is not None
    assert (rollout.verdict.health, rollout.verdict.words) == ("failed", "No progress for 300 s")


def test_ready_without_a_probe_is_believed_after_a_while() -> None:
    up = pod(running(ready=True), conditions=({"type": "Ready", "status": "True"},))
    rollout = Rollout()
    assert rollout.at(1, *new(up, ready=1)) == [WorkloadProgress("Deployment", "shop", 1, 1, 1, done=True)]
    assert rollout.verdict is None
    rollout.at(6, *new(up, ready=1))
    assert rollout.verdict is not None
    assert rollout.verdict.health == "healthy"


def test_ready_with_a_probe_is_believed_at_once() -> None:
    up = pod(running(ready=True), conditions=({"type": "Ready", "status": "True"},))
    up["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 80}}
    rollout = Rollout()
    rollout.at(1, *new(up, ready=1))
    assert rollout.verdict is not None
    assert rollout.verdict.health == "healthy"


def test_an_app_that_dies_while_it_settles_was_never_healthy() -> None:
    up = pod(running(ready=True), conditions=({"type": "Ready", "status": "True"},))
    rollout = Rollout()
    rollout.at(1, *new(up, ready=1))
    rollout.at(3, *new(pod(backed_off(1, restarts=0)), ready=0))
    rollout.at(6.5, *new(up, ready=1))
    assert rollout.verdict is None


def test_a_trouble_is_told_again_only_when_its_words_or_count_change() -> None:
    rollout = Rollout()
    rollout.at(0, *new(pod(backed_off(1))))
    assert rollout.at(1, *new(pod(backed_off(1)))) == []
    (again,) = rollout.at(2, *new(pod(backed_off(1, message="KeyError: 'DATABASE_URL'"))))
    assert isinstance(again, PodTrouble)
    assert again.trouble.quote == "KeyError: 'DATABASE_URL'"
