"""API objects as a cluster shows them, cut to the fields that matter; texts as kubelet and scheduler write them."""

from __future__ import annotations

from typing import Any

from bot.rollout.picture import Picture

Raw = dict[str, Any]
AT = "2026-11-25T14:00:00Z"
IMAGE = "registry.example.org/team/shop:v1.2"


def pod(
    *statuses: Raw,
    name: str = "shop-5d4f-x2k4p",
    owner: str = "rs-new",
    init: tuple[Raw, ...] = (),
    conditions: tuple[Raw, ...] = (),
    limit: str = "256Mi",
    created: str = AT,
    **status: Any,
) -> Raw:
    """A pod; statuses without a name are of the container "app"."""
    statuses = tuple({"name": "app", "image": IMAGE} | it for it in statuses)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "creationTimestamp": created,
            "ownerReferences": [{"uid": owner, "kind": "ReplicaSet", "name": owner}],
        },
        "spec": {
            "nodeName": "worker-2",
            "initContainers": [{"name": it["name"], "image": IMAGE} for it in init],
            "containers": [
                {"name": it["name"], "image": it["image"], "resources": {"limits": {"memory": limit}}}
                for it in statuses
            ],
        },
        "status": {
            "phase": "Pending",
            "initContainerStatuses": list(init),
            "containerStatuses": list(statuses),
            "conditions": list(conditions),
        }
        | status,
    }


def waiting(reason: str, message: str = "", **more: Any) -> Raw:
    return {"state": {"waiting": {"reason": reason, "message": message}}} | more


def backed_off(code: int, reason: str = "Error", message: str = "", restarts: int = 2, **more: Any) -> Raw:
    """A container between two runs."""
    last = {"exitCode": code, "reason": reason} | ({"message": message} if message else {})
    more = {"lastState": {"terminated": last}, "restartCount": restarts} | more
    return waiting("CrashLoopBackOff", "back-off 20s restarting failed container", **more)


def running(*, ready: bool, **more: Any) -> Raw:
    return {"state": {"running": {"startedAt": AT}}, "ready": ready} | more


def unschedulable(message: str) -> Raw:
    return pod(
        conditions=(
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message},
        )
    )


def event(about: Raw, reason: str, message: str, at: str = "2026-11-25T14:00:05Z") -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['metadata']['name']}.{reason}.{at}", "uid": f"{reason}{at}"},
        "involvedObject": {
            "kind": about["kind"],
            "name": about["metadata"]["name"],
            "uid": about["metadata"]["uid"],
        },
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


def deployment(*, replicas: int = 3, ready: int = 0, updated: int | None = None, **status: Any) -> Raw:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "uid": "dep", "generation": 2, "creationTimestamp": AT},
        "spec": {"replicas": replicas},
        "status": {
            "observedGeneration": 2,
            "replicas": replicas,
            "updatedReplicas": replicas if updated is None else updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        | status,
    }


def replica_set(name: str = "rs-new", revision: int = 2, **status: Any) -> Raw:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": AT,
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "ownerReferences": [{"uid": "dep", "kind": "Deployment", "name": "shop"}],
        },
        "spec": {"replicas": 3},
        "status": status,
    }


def job(**status: Any) -> Raw:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "shop-migrate", "uid": "job", "creationTimestamp": AT},
        "spec": {"backoffLimit": 2},
        "status": status,
    }


def picture(*items: Raw) -> Picture:
    seen = Picture()
    for item in items:
        seen.put(item)
    return seen
