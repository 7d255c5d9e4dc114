"""A Deployment's status: its numbers and whether it is available, progresses, or has stopped doing so."""

from datetime import datetime

from bot.sandbox.kubernetes.controllers.cluster import Cluster, condition_of, drop_condition, set_condition
from bot.sandbox.kubernetes.controllers.kinds import DEPLOYMENT
from bot.sandbox.kubernetes.controllers.percentages import allowance
from bot.sandbox.kubernetes.metadata import timestamp
from bot.sandbox.kubernetes.storage import Object

DEADLINE = 600
"""Seconds without progress before a rollout counts as stuck, when the Deployment does not say."""

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


class DeploymentStatus:
    """Writes the status of Deployments."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def write(self, deployment: Object, newest: Object | None, old: list[Object]) -> float | None:
        """Write what the ReplicaSets add up to; answers in how many seconds the deadline is to be checked."""
        sets = [*([newest] if newest is not None else []), *old]
        counts = _count(deployment, newest, sets)
        now, stamp = self._cluster.now, self._cluster.stamp
        again: list[float] = []

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            before = {name: int(status.get(name) or 0) for name in COUNTS}
            status["observedGeneration"] = obj["metadata"].get("generation", 1)
            status.update(counts)
            for name in [name for name in COUNTS if not counts[name]]:
                status.pop(name, None)
            status["terminatingReplicas"] = _total(sets, "terminatingReplicas")
            _availability(obj, status, counts, stamp)
            _failure(status, sets, stamp)
            if (wait := _progress(obj, newest, before, counts, now)) is not None:
                again.append(wait)

        self._cluster.edit(DEPLOYMENT.key_of(deployment), write)
        return again[0] if again else None


def _count(deployment: Object, newest: Object | None, sets: list[Object]) -> dict[str, int]:
    updated = int(((newest or {}).get("status") or {}).get("replicas") or 0)
    available = _total(sets, "availableReplicas")
    desired = sum(int(found["spec"].get("replicas", 0)) for found in sets)
    return {
        "replicas": _total(sets, "replicas"),
        "updatedReplicas": updated,
        "readyReplicas": _total(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, desired - available),
    }


def _total(sets: list[Object], field: str) -> int:
    return sum(int((found.get("status") or {}).get(field) or 0) for found in sets)


def _wanted(deployment: Object) -> int:
    wanted = deployment["spec"].get("replicas")
    return 1 if wanted is None else int(wanted)


def _availability(deployment: Object, status: Object, counts: dict[str, int], stamp: str) -> None:
    strategy = deployment["spec"].get("strategy") or {}
    wanted = _wanted(deployment)
    rolling = strategy.get("rollingUpdate") or {}
    missing = 0
    if strategy.get("type") != "Recreate":
        missing = allowance(rolling.get("maxUnavailable", "25%"), wanted, up=False)
        if not missing and not allowance(rolling.get("maxSurge", "25%"), wanted, up=True):
            missing = 1
    enough = counts["availableReplicas"] >= wanted - missing
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    text = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    set_condition(status, "Available", enough, reason, text, stamp=stamp, updated=True)


def _failure(status: Object, sets: list[Object], stamp: str) -> None:
    """Hand a ReplicaSet's refusal up: the newest's first."""
    for found in sets:
        failure = condition_of(found, "ReplicaFailure")
        if failure is not None:
            reason, message = failure["reason"], failure["message"]
            set_condition(status, "ReplicaFailure", True, reason, message, stamp=stamp, updated=True)
            return
    drop_condition(status, "ReplicaFailure")


def _progress(
    deployment: Object, newest: Object | None, before: dict[str, int], counts: dict[str, int], now: datetime
) -> float | None:
    """Set Progressing; answers in how many seconds the rollout will have stopped progressing."""
    held, name = condition_of(deployment, "Progressing"), newest["metadata"]["name"] if newest else ""
    deadline = int(deployment["spec"].get("progressDeadlineSeconds") or DEADLINE)
    if deployment["spec"].get("paused"):
        _set_progress(deployment, True, "DeploymentPaused", "Deployment is paused", now)
        return None
    if _complete(deployment, counts):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        _set_progress(deployment, True, "NewReplicaSetAvailable", text, now)
        return None
    if newest is not None and (held is None or f'"{name}"' not in held.get("message", "")):
        created = "observedGeneration" not in (newest.get("status") or {})
        reason = "NewReplicaSetCreated" if created else "FoundNewReplicaSet"
        words = "Created new replica set" if created else "Found new replica set"
        _set_progress(deployment, True, reason, f'{words} "{name}"', now)
        return deadline + 1.0
    if held is None or held["reason"] == "NewReplicaSetAvailable":
        return None
    if _moved(before, counts):
        _set_progress(deployment, True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.', now)
        return deadline + 1.0
    left = deadline - (now - datetime.fromisoformat(held["lastUpdateTime"])).total_seconds()
    if held["status"] == "True" and left <= 0:
        text = f'ReplicaSet "{name}" has timed out progressing.'
        _set_progress(deployment, False, "ProgressDeadlineExceeded", text, now)
    return left + 1.0 if left > 0 else None


def _set_progress(deployment: Object, value: bool, reason: str, message: str, now: datetime) -> None:
    """Set the condition; while there is progress its update time moves even where its words do not."""
    status, stamp = deployment["status"], timestamp(now)
    set_condition(status, "Progressing", value, reason, message, stamp=stamp, updated=True)
    if reason == "ReplicaSetUpdated":
        (condition,) = (c for c in status["conditions"] if c["type"] == "Progressing")
        condition["lastUpdateTime"] = stamp


def _complete(deployment: Object, counts: dict[str, int]) -> bool:
    wanted = _wanted(deployment)
    return counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == wanted


def _moved(before: dict[str, int], after: dict[str, int]) -> bool:
    """Whether more is updated, ready or available than before, or less of the old is left."""
    old_before = before["replicas"] - before["updatedReplicas"]
    old_after = after["replicas"] - after["updatedReplicas"]
    grown = any(after[n] > before[n] for n in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grown or old_after < old_before
