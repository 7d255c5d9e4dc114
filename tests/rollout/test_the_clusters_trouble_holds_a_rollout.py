"""Back only for what the new version caused: what the cluster does to it holds it, and a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.events import GoesOn, Held, PodTrouble
from bot.rollout import Rules
from tests.rollout.recorded import (
    Raw,
    backed_off,
    deployment,
    event,
    pod,
    replica_set,
    running,
    unschedulable,
    waiting,
)
from tests.rollout.test_when_a_rollout_has_failed import RULES, Rollout, new

READY = ({"type": "Ready", "status": "True"},)
FULL = unschedulable("0/3 nodes are available: 3 Insufficient cpu.")


def pulling(message: str) -> tuple[Raw, ...]:
    return new(pod(waiting("ErrImagePull", message)))


def sandboxless() -> tuple[Raw, ...]:
    waits = pod(waiting("ContainerCreating"))
    return new(waits, event(waits, "FailedCreatePodSandBox", "network plugin returned error"))


def webhook_down() -> tuple[Raw, ...]:
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "message": 'Internal error occurred: failed calling webhook "policy.example.org": timeout',
    }
    return deployment(replicas=1), replica_set(conditions=[failure])


def claim_pending() -> tuple[Raw, ...]:
    claim: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "shop-data", "uid": "claim", "creationTimestamp": "2026-11-25T14:00:00Z"},
        "status": {"phase": "Pending"},
    }
    mounts = pod(waiting("ContainerCreating"))
    mounts["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "shop-data"}}]
    return new(mounts, claim, event(claim, "ProvisioningFailed", "no disk"))


def lost() -> tuple[Raw, ...]:
    return new(pod(running(ready=False), conditions=({"type": "Ready", "status": "Unknown"},)))


def evicted() -> tuple[Raw, ...]:
    return new(pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."))


@pytest.mark.parametrize(
    ("row", "shown", "words"),
    [
        (3, lambda: pulling("dial tcp: i/o timeout"), "The node cannot reach the registry"),
        (4, lambda: pulling("toomanyrequests: pull rate limit"), "The registry's pull quota is used up"),
        (21, lambda: new(FULL), "No node has cpu free"),
        (30, claim_pending, "Storage for shop-data was not provisioned"),
        (37, webhook_down, "The policy service policy.example.org is down"),
        (39, sandboxless, "The pod's network could not be set up"),
        (40, lost, "Node worker-2 stopped answering"),
        (41, evicted, "Node ran out of memory"),
    ],
)
def test_each_trouble_of_the_cluster_asks_and_never_fails(
    row: int, shown: Callable[[], tuple[Raw, ...]], words: str
) -> None:
    rollout = Rollout()
    (*_, told) = rollout.at(0, *shown())
    assert isinstance(told, PodTrouble), row
    assert rollout.at(59, *shown()) == []
    (held,) = rollout.at(60, *shown())
    assert isinstance(held, Held)
    assert held.words.startswith(words)
    assert rollout.course.held
    rollout.at(100_000, *shown())
    assert rollout.verdict is None


def old_and_new(old: Raw, fresh: Raw) -> tuple[Raw, ...]:
    return deployment(), replica_set(), replica_set("rs-old", 1), old, fresh


def test_what_old_pods_have_too_holds_and_is_said() -> None:
    seen = old_and_new(
        pod(backed_off(1, restarts=9), name="shop-old", owner="rs-old"), pod(backed_off(1, restarts=9))
    )
    rollout = Rollout()
    rollout.at(0, *seen)
    assert rollout.verdict is None
    assert rollout.at(60, *seen) == [Held("The app crashed at start, exit 1; old pods have it too")]


def test_a_hold_that_lasts_is_asked_about_again_more_and_more_seldom() -> None:
    rollout = Rollout()
    rollout.at(0, *new(FULL))
    asked = [now for now in range(10, 4000, 10) if rollout.at(now, *new(FULL))]
    assert asked == [60, 360, 960, 2160]


def test_it_goes_on_by_itself_and_the_time_out_begins_anew() -> None:
    rollout = Rollout()
    rollout.at(0, *new(FULL))
    assert rollout.at(1000, *new(FULL))
    starting = pod(waiting("ContainerCreating"))
    rollout.at(1001, *new(starting))
    assert GoesOn() in rollout.at(1005, *new(starting))
    rollout.at(1300, *new(starting))
    assert rollout.verdict is None
    rollout.at(1306, *new(starting))
    assert rollout.verdict is not None
    assert rollout.verdict.health == "failed"


def test_the_versions_own_fault_beside_it_ends_the_rollout() -> None:
    crashes = pod(backed_off(1, restarts=3), name="shop-a"), pod(backed_off(1, restarts=3), name="shop-b")
    rollout = Rollout()
    rollout.at(0, *new(FULL))
    rollout.at(60, *new(FULL))
    rollout.at(70, deployment(), replica_set(), *crashes)
    assert rollout.verdict is not None
    assert rollout.verdict.health == "failed"


def test_pods_that_still_come_up_are_waited_for_before_anyone_is_asked() -> None:
    up = [pod(running(ready=True), name=f"shop-{name}", conditions=READY) for name in "ab"]
    rollout = Rollout()
    rollout.at(0, deployment(updated=1), replica_set(), FULL)
    rollout.at(50, deployment(updated=2), replica_set(), up[0], FULL)
    assert not any(
        isinstance(it, Held) for it in rollout.at(100, deployment(updated=2), replica_set(), up[0], FULL)
    )
    assert [Held("1 of 2 pods: No node has cpu free")] == rollout.at(
        110, deployment(updated=2), replica_set(), up[0], FULL
    )


def test_a_hold_that_a_restart_cut_is_a_hold_at_once_or_over() -> None:
    again = Rollout(held=True)
    (*_, held) = again.at(0, *new(FULL))
    assert held == Held("No node has cpu free")
    healed = Rollout(held=True)
    assert GoesOn() in healed.at(0, *new(pod(running(ready=True), conditions=READY), ready=1))


def test_a_short_time_out_asks_no_later_than_itself() -> None:
    rollout = Rollout(Rules(image_grace=60, timeout=20))
    rollout.at(0, *new(FULL))
    assert [type(it) for it in rollout.at(20, *new(FULL))] == [Held]


def test_what_was_so_before_decides_nothing_and_is_told() -> None:
    crashing = pod(backed_off(1, restarts=9))
    rollout = Rollout(unwell={"Deployment/shop": 2})
    (*_, told) = rollout.at(0, *new(crashing))
    assert isinstance(told, PodTrouble)
    assert told.trouble.sentence() == "The app crashed at start, exit 1 (was so before)"
    rollout.at(6, *new(crashing))
    assert rollout.verdict is not None
    assert rollout.verdict.health == "healthy"
    assert [it.sentence() for it in rollout.verdict.troubles] == [
        "The app crashed at start, exit 1 (was so before)"
    ]


def test_what_was_unwell_and_is_changed_counts() -> None:
    rollout = Rollout(unwell={"Deployment/shop": 1})
    rollout.at(0, *new(pod(backed_off(1, restarts=9))))
    assert rollout.verdict is not None
    assert rollout.verdict.health == "failed"


def test_the_rules_hold_by_default() -> None:
    assert RULES.holds
