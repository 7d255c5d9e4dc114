"""What `kubectl get pods` says of a pod, worked out as Kubernetes' printer does."""

from collections.abc import Callable
from typing import Any

Object = dict[str, Any]
NONE = "<none>"
_NO_SIDECARS: frozenset[str] = frozenset()


def pod_ready(pod: Object) -> str:
    """Ready containers of all, sidecars included."""
    sidecars = _sidecars(pod)
    statuses = _statuses(pod, "containerStatuses")
    if sidecars:
        inits = _statuses(pod, "initContainerStatuses")
        statuses = [*statuses, *(each for each in inits if each["name"] in sidecars)]
    running = [each for each in statuses if each.get("ready") and "running" in (each.get("state") or {})]
    return f"{len(running)}/{len(pod['spec'].get('containers') or []) + len(sidecars)}"


def pod_restarts(pod: Object, ago: Callable[[str], str]) -> str:
    """How often its containers restarted, and when the last one did."""
    counted = _statuses(pod, "initContainerStatuses")
    if not counted:
        counted = _statuses(pod, "containerStatuses")
    elif not _initialising(pod):
        sidecars = _sidecars(pod)
        kept = [each for each in counted if each["name"] in sidecars]
        counted = [*kept, *_statuses(pod, "containerStatuses")]
    restarts = sum([each.get("restartCount", 0) for each in counted])
    if not restarts:
        return "0"
    ended = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in counted]
    last = max(filter(None, ended), default=None)
    return f"{restarts} ({ago(last)} ago)" if last else str(restarts)


def pod_status(pod: Object) -> str:
    """The word in the STATUS column: what holds the pod up, else its phase."""
    status = pod.get("status") or {}
    phase = str(status.get("phase", "Unknown"))
    reason = str(status.get("reason") or phase)
    conditions = status.get("conditions") or []
    if phase == "Pending" and any(each.get("reason") == "SchedulingGated" for each in conditions):
        reason = "SchedulingGated"
    reason = _initialising(pod) or _running(pod, reason)
    if pod["metadata"].get("deletionTimestamp") and phase not in ("Succeeded", "Failed"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def pod_ip(pod: Object) -> str:
    """Its address."""
    return str((pod.get("status") or {}).get("podIP") or NONE)


def node_of(pod: Object) -> str:
    """Where it runs."""
    return str(pod["spec"].get("nodeName") or NONE)


def nominated(pod: Object) -> str:
    """Where it is to run once others have made room."""
    return str((pod.get("status") or {}).get("nominatedNodeName") or NONE)


def _statuses(pod: Object, field: str) -> list[Object]:
    found: list[Object] = (pod.get("status") or {}).get(field) or []
    return found


def _sidecars(pod: Object) -> frozenset[str]:
    inits = pod["spec"].get("initContainers")
    if not inits:
        return _NO_SIDECARS
    return frozenset(each["name"] for each in inits if each.get("restartPolicy") == "Always")


def _initialising(pod: Object) -> str:
    """What its init containers are at; "" once they are done."""
    statuses = _statuses(pod, "initContainerStatuses")
    if not statuses:
        return ""
    sidecars = _sidecars(pod)
    for number, status in enumerate(statuses):
        state = status.get("state") or {}
        ended, waiting = state.get("terminated"), (state.get("waiting") or {}).get("reason")
        if ended is not None and not ended.get("exitCode"):
            continue
        if status["name"] in sidecars and status.get("started"):
            continue
        if ended is not None:
            return f"Init:{_end(ended)}"
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{number}/{len(pod['spec'].get('initContainers') or [])}"
    return ""


def _running(pod: Object, reason: str) -> str:
    running = False
    for status in reversed(_statuses(pod, "containerStatuses")):
        state = status.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            reason = str(waiting)
        elif state.get("terminated") is not None:
            reason = _end(state["terminated"])
        elif status.get("ready") and state.get("running") is not None:
            running = True
    if reason == "Completed" and running:
        conditions = (pod.get("status") or {}).get("conditions") or []
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
        return "Running" if ready else "NotReady"
    return reason


def _end(ended: Object) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"
