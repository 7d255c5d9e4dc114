"""What a workload shows without any pod of its own (rows 30, 35 to 38, 42, 43 and 52)."""

from __future__ import annotations

import re

from bot.rollout.causes import Finding, WorkloadView, condition, one_line, workload_cause
from bot.rollout.picture import Raw, number_in

_PROVISIONING = ("ProvisioningFailed", "FailedBinding")


@workload_cause("claim-pending", 30, "Look at the StorageClass, its quota and its driver", fault="cluster")
def claim_pending(view: WorkloadView) -> Finding | None:
    """Storage was asked for and does not come."""
    for claim, events in view.claims:
        if (claim.get("status") or {}).get("phase") != "Pending":
            continue
        told = [event for event in events if event.get("reason") in _PROVISIONING]
        if told:
            name = claim["metadata"]["name"]
            said = one_line(str(told[-1].get("message") or ""))
            return Finding(
                f"Storage for {name} was not provisioned", said, where=f"PersistentVolumeClaim/{name}"
            )
    return None


@workload_cause("quota", 35, "Raise the quota, or lower the requests", grace=True, specific=2)
def quota(view: WorkloadView) -> Finding | None:
    """The namespace's quota lets no more pods in."""
    said = _failed_create(view)
    found = re.search(r"exceeded quota: ([^,]+)(?:, requested: ([^,=]+))?", said)
    if not found:
        return None
    what = f" of {found[2]}" if found[2] else ""
    return Finding(f"The namespace's quota{what} is used up", one_line(said))


@workload_cause("policy-denies", 36, "Change what the policy names", fatal=True, specific=2)
def policy_denies(view: WorkloadView) -> Finding | None:
    """An admission webhook refuses the pods."""
    return denied(_failed_create(view))


@workload_cause("policy-down", 37, "Ask the owner of that service", fault="cluster", specific=2)
def policy_down(view: WorkloadView) -> Finding | None:
    """An admission webhook does not answer."""
    return webhook_down(_failed_create(view))


@workload_cause("pod-security", 38, "Set the securityContext that it asks for", fatal=True, specific=2)
def pod_security(view: WorkloadView) -> Finding | None:
    """The namespace's security level forbids the pods."""
    return violates(_failed_create(view))


@workload_cause("pods-refused", 38, "Read the API server's words", grace=True, specific=1, sure=False)
def pods_refused(view: WorkloadView) -> Finding | None:
    """Pods cannot be created for a reason that no row knows."""
    said = _failed_create(view)
    return Finding("The cluster refuses to create its pods", one_line(said)) if said else None


@workload_cause("paused", 42, "Resume it: kubectl rollout resume", fault="cluster", specific=3)
def paused(view: WorkloadView) -> Finding | None:
    """A Deployment that somebody has paused: its new version waits, and what pods there are run the old one."""
    spec, status = view.workload.get("spec") or {}, view.workload.get("status") or {}
    if not spec.get("paused") or int(status.get("updatedReplicas") or 0) >= int(spec.get("replicas", 1)):
        return None
    return Finding("It is paused: nothing is rolled out")


@workload_cause("deadline", 42, "See its pods", sure=False, specific=-1)
def deadline(view: WorkloadView) -> Finding | None:
    """A symptom: the Deployment gave up waiting for progress."""
    progressing = condition(view.workload, "Progressing")
    status = view.workload.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(view.workload["metadata"].get("generation") or 0):
        return None
    if progressing.get("reason") != "ProgressDeadlineExceeded":
        return None
    return Finding("No progress within its deadline", one_line(str(progressing.get("message") or "")))


@workload_cause("job-failed", 43, "Read the last pod's log", fatal=True)
def job_failed(view: WorkloadView) -> Finding | None:
    """A Job is over and has failed."""
    failed = condition(view.workload, "Failed")
    if view.workload["kind"] != "Job" or failed.get("status") != "True":
        return None
    said = one_line(str(failed.get("message") or ""))
    name = view.workload["metadata"]["name"]
    if failed.get("reason") == "DeadlineExceeded":
        return Finding(f"Job {name} ran too long", said)
    times = int((view.workload.get("status") or {}).get("failed") or 0)
    return Finding(f"Job {name} failed {_times(times)}" if times else f"Job {name} failed", said)


@workload_cause("stateful-set-stuck", 52, "After the rollback, delete that pod", sure=False)
def stateful_set_stuck(view: WorkloadView) -> Finding | None:
    """A pod of a StatefulSet's older revision never became ready and blocks the rest."""
    if view.workload["kind"] != "StatefulSet":
        return None
    status = view.workload.get("status") or {}
    update = status.get("updateRevision")
    if not update or update == status.get("currentRevision"):
        return None
    bad = [pod for pod in view.pods if _revision(pod) != update and not _ready(pod)]
    if not bad:
        return None
    name = min((pod["metadata"]["name"] for pod in bad), key=_ordinal)
    return Finding("A bad pod blocks the rest", where=f"Pod/{name}")


def denied(said: str) -> Finding | None:
    """Row 36 in any text of the API server: a webhook's, or that of a policy which the server itself keeps."""
    found = re.search(r"admission webhook \"([^\"]+)\" denied the request:? ?(.*)", said, re.S) or re.search(
        r"AdmissionPolicy '([^']+)' with binding '[^']+' denied request: ?(.*)", said, re.S
    )
    return Finding(f"Policy {found[1]} refused it", one_line(found[2] or said)) if found else None


def webhook_down(said: str) -> Finding | None:
    """Row 37 in any text of the API server."""
    found = re.search(r"failed calling webhook \"([^\"]+)\"", said)
    return Finding(f"The policy service {found[1]} is down", one_line(said)) if found else None


def violates(said: str) -> Finding | None:
    """Row 38 in any text of the API server."""
    found = re.search(r"violates PodSecurity \"([^\"]+)\": ?(.*)", said, re.S)
    if not found:
        return None
    settings = re.findall(r"(?:^|, )([a-zA-Z ]+?)(?: \(| !=|$)", found[2])
    told = ", ".join(settings[:2]) or found[1]
    more = f" and {len(settings) - 2} more" if len(settings) > 2 else ""
    return Finding(f"The namespace forbids its settings: {told}{more}", one_line(found[2]))


def _failed_create(view: WorkloadView) -> str:
    """Why the controller cannot create pods."""
    for item in (view.replica_set, view.workload):
        failure = condition(item, "ReplicaFailure") if item else {}
        if failure.get("status") == "True":
            return str(failure.get("message") or "")
    # StatefulSets, DaemonSets and Jobs have no such condition; with pods there, an old event is over.
    if view.workload["kind"] in ("StatefulSet", "DaemonSet", "Job") and not _arrived(view):
        for event in reversed(view.events):
            if event.get("reason") == "FailedCreate":
                return str(event.get("message") or "")
    return ""


def _arrived(view: WorkloadView) -> bool:
    status, spec = view.workload.get("status") or {}, view.workload.get("spec") or {}
    wanted = status.get("desiredNumberScheduled") or spec.get("replicas") or spec.get("parallelism") or 1
    return len(view.pods) >= int(wanted)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _revision(pod: Raw) -> str:
    return str((pod["metadata"].get("labels") or {}).get("controller-revision-hash") or "")


def _ready(pod: Raw) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def _ordinal(name: str) -> int:
    return number_in(name.rpartition("-")[2])
