"""From a namespace's objects to one trouble a workload: whose pods count, and which words win."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.rollout import ObjectRef, Rules
from bot.rollout.assessing import Assessment, assess
from bot.rollout.picture import Picture
from bot.rollout.workloads import Progress
from tests.rollout.recorded import (
    backed_off,
    deployment,
    event,
    job,
    picture,
    pod,
    replica_set,
    running,
    waiting,
)

SHOP = ObjectRef("apps/v1", "Deployment", "shop")
READY = ({"type": "Ready", "status": "True"},)


def assessed(
    seen: Picture, *refs: ObjectRef, applied: bool = True, logs: dict[str, str] | None = None
) -> Assessment:
    return assess(seen, refs or [SHOP], Rules(), applied=applied, logs=logs)


def crashing(name: str, owner: str = "rs-new", **more: Any) -> dict[str, Any]:
    return pod(backed_off(1, **more), name=name, owner=owner)


def test_pods_with_the_same_trouble_are_told_once() -> None:
    found = assessed(picture(deployment(), replica_set(), *map(crashing, ("shop-a", "shop-b", "shop-c"))))
    assert [it.trouble.sentence() for it in found.troubles] == [
        "3 of 3 pods: The app crashed at start, exit 1"
    ]


def test_a_change_that_its_controller_has_not_seen_is_no_progress_and_no_trouble() -> None:
    changed = deployment(replicas=2, ready=2, observedGeneration=1)
    old = replica_set("rs-old", 1)
    pods = (
        crashing("shop-a", owner="rs-old"),
        pod(running(ready=True), name="shop-b", owner="rs-old", conditions=READY),
    )
    found = assessed(picture(changed, old, *pods))
    assert found.progress[SHOP] == Progress(0, 0, 2, done=False)
    assert found.troubles == []


def test_a_pod_that_was_evicted_and_replaced_is_history() -> None:
    evicted = pod(
        name="shop-a", phase="Failed", reason="Evicted", message="The node was low on resource: memory. "
    )
    there = pod(running(ready=True), name="shop-b", conditions=READY)
    rolling = assessed(picture(deployment(replicas=1), replica_set(), evicted, there))
    assert [it.trouble.words for it in rolling.troubles] == ["Node ran out of memory"]
    arrived = assessed(picture(deployment(replicas=1, ready=1), replica_set(), evicted, there))
    assert arrived.troubles == []


def test_a_paused_deployment_says_so_where_something_waits() -> None:
    still, waits = deployment(replicas=2, ready=2), deployment(replicas=2, ready=2, updated=0)
    still["spec"]["paused"] = waits["spec"]["paused"] = True
    assert assessed(picture(still, replica_set())).troubles == []
    (shown,) = assessed(picture(waits, replica_set())).troubles
    assert shown.trouble.words == "It is paused: nothing is rolled out"


def test_only_the_newest_replica_sets_pods_are_asked() -> None:
    seen = picture(
        deployment(), replica_set(), replica_set("rs-old", 1), crashing("shop-old", owner="rs-old"),
        pod(running(ready=True), name="shop-new", conditions=READY),
    )  # fmt: skip
    found = assessed(seen)
    assert found.troubles == []
    assert found.progress[SHOP].ready == 1


def test_trouble_that_old_pods_have_too_is_the_clusters() -> None:
    seen = picture(
        deployment(),
        replica_set(),
        replica_set("rs-old", 1),
        crashing("shop-old", "rs-old"),
        crashing("shop-new"),
    )
    assert [it.trouble.fault for it in assessed(seen).troubles] == ["cluster"]


def test_a_quota_is_told_without_any_pod() -> None:
    message = (
        'pods "shop-x" is forbidden: exceeded quota: compute, requested: requests.cpu=1, used: requests.cpu=4, '
        "limited: requests.cpu=4"
    )
    refused = replica_set(
        conditions=[
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
        ]
    )
    (shown,) = assessed(picture(deployment(), refused)).troubles
    assert shown.trouble.words == "The namespace's quota of requests.cpu is used up"
    assert shown.trouble.grace == Rules().image_grace


def test_pod_security_names_the_settings() -> None:
    message = (
        'pods "shop-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
        '(container "app" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod)'
    )
    refused = replica_set(
        conditions=[
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
        ]
    )
    (shown,) = assessed(picture(deployment(), refused)).troubles
    assert shown.trouble.words == "The namespace forbids its settings: allowPrivilegeEscalation, runAsNonRoot"
    assert shown.trouble.fatal_early


def test_the_deadline_is_told_only_when_no_pod_says_more() -> None:
    late: dict[str, Any] = {
        "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    }
    alone = assessed(picture(deployment(**late), replica_set()))
    assert [it.trouble.cause for it in alone.troubles] == ["deadline"]
    crashed = assessed(picture(deployment(**late), replica_set(), crashing("shop-a")))
    assert [it.trouble.cause for it in crashed.troubles] == ["app-error"]


def test_a_failed_job_borrows_its_last_pods_words() -> None:
    failed = job(
        failed=3, conditions=[{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]
    )
    died = pod(
        {"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}, name="shop-migrate-1", owner="job"
    )
    ref = ObjectRef("batch/v1", "Job", "shop-migrate", hook=True)
    (shown,) = assessed(picture(failed, died), ref, logs={"shop-migrate-1": "no such table"}).troubles
    assert shown.trouble.words == "Job shop-migrate failed 3 times: The app crashed at start, exit 1"
    assert shown.trouble.quote == "no such table"


def test_a_claim_that_is_not_provisioned_explains_its_pod() -> None:
    claim: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "uid": "claim"},
        "status": {"phase": "Pending"},
    }
    mounting = pod(waiting("ContainerCreating"))
    mounting["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    told = event(claim, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')
    (shown,) = assessed(picture(deployment(), replica_set(), mounting, claim, told)).troubles
    assert shown.trouble.words == "Storage for data was not provisioned"
    assert shown.trouble.where == "PersistentVolumeClaim/data"


def test_events_from_before_the_operation_do_not_count() -> None:
    seen = Picture(datetime(2026, 11, 25, 14, 30, tzinfo=UTC))
    mounting = pod(waiting("ContainerCreating"))
    for item in (
        deployment(),
        replica_set(),
        mounting,
        event(mounting, "FailedMount", 'secret "x" not found', at="2026-11-25T14:29:59Z"),
    ):
        seen.put(item)
    assert assessed(seen).troubles == []


def test_before_helm_has_returned_old_pods_are_no_trouble_of_ours() -> None:
    seen = picture(deployment(), replica_set(), crashing("shop-a"))
    assert assessed(seen, applied=False).troubles == []


def test_a_generation_that_nobody_has_observed_is_not_done() -> None:
    arrived = deployment(ready=3)
    assert assessed(picture(arrived, replica_set())).arrived
    arrived["metadata"]["generation"] = 3
    assert not assessed(picture(arrived, replica_set())).arrived


def test_old_pods_that_are_still_there_mean_that_it_is_not_done() -> None:
    assert not assessed(picture(deployment(ready=3) | {"status": {
        "observedGeneration": 2, "replicas": 4, "updatedReplicas": 3, "availableReplicas": 4}})).arrived  # fmt: skip


@pytest.mark.parametrize("revision", ["\u00b2", "\u0663", "9" * 5000, "-1", "", "two"])
def test_a_revision_that_anybody_wrote_as_anything_breaks_nothing(revision: str) -> None:
    """The annotation is the controller's, but whoever may edit a ReplicaSet may write into it."""
    odd = replica_set()
    odd["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = revision
    odd["metadata"]["resourceVersion"] = revision
    seen = picture(deployment(), odd, crashing("shop-a"))
    seen.put(odd)
    assert [it.trouble.cause for it in assessed(seen).troubles] == ["app-error"]
