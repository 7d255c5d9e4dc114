"""A pod in a few plain words, as kubectl's columns and the kubelet's reasons say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import humanize

Phase = Literal["good", "starting", "bad", "ending"]

_WAITING: Final[Mapping[str, str]] = {
    "ErrImagePull": "image cannot be pulled",
    "ImagePullBackOff": "image cannot be pulled",
    "InvalidImageName": "image name is wrong",
    "CreateContainerConfigError": "a Secret or ConfigMap is missing",
    "CreateContainerError": "container cannot be made",
    "RunContainerError": "container cannot start",
}
"""What keeps a container from starting, by the kubelet's reason."""


def described(pod: Mapping[str, Any], now: datetime) -> tuple[Phase, str]:
    """How a pod does, and words for it: `1/1 ready · 2 days`."""
    if pod["metadata"].get("deletionTimestamp"):
        return "ending", "ending"
    status = pod.get("status") or {}
    match status.get("phase"):
        case "Succeeded":
            return "good", "done"
        case "Failed":
            return "bad", f"failed · {_reason(status)}"
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    for each in containers:
        if words := _trouble(each):
            return "bad", words
    return _coming_up(pod, status, now)


def _trouble(container: Mapping[str, Any]) -> str:
    """Why a container does not run; "" where nothing is wrong with it."""
    state = container.get("state") or {}
    reason = str((state.get("waiting") or {}).get("reason", ""))
    if reason in _WAITING:
        return _WAITING[reason]
    ended = state.get("terminated") or {}
    if reason == "CrashLoopBackOff":
        ended = (container.get("lastState") or {}).get("terminated") or {}
    elif not ended.get("exitCode"):
        return ""
    cause = "out of memory" if ended.get("reason") == "OOMKilled" else "crashing"
    return f"{cause} · {_times(int(container.get('restartCount', 0)))}"


def _coming_up(pod: Mapping[str, Any], status: Mapping[str, Any], now: datetime) -> tuple[Phase, str]:
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    if (conditions.get("PodScheduled") or {}).get("reason") == "Unschedulable":
        return "bad", "no node has room"
    if not pod["spec"].get("nodeName"):
        return "starting", "waits for a node"
    containers: Sequence[Mapping[str, Any]] = status.get("containerStatuses") or ()
    wanted, ready = (
        len(pod["spec"].get("containers") or ()),
        sum(bool(each.get("ready")) for each in containers),
    )
    count = f"{ready}/{wanted} ready"
    if ready == wanted:
        return "good", f"{count} · {_age(pod, now)}"
    running = any("running" in (each.get("state") or {}) for each in containers)
    restarts = sum(int(each.get("restartCount", 0)) for each in containers)
    if restarts:
        return "starting", f"{count} · {_times(restarts)}"
    return "starting", count if running else "starting"


def _reason(status: Mapping[str, Any]) -> str:
    for each in status.get("containerStatuses") or ():
        if ended := (each.get("state") or {}).get("terminated"):
            return "out of memory" if ended.get("reason") == "OOMKilled" else f"exit {ended.get('exitCode')}"
    return str(status.get("reason", "no reason given"))


def _times(restarts: int) -> str:
    return "1 restart" if restarts == 1 else f"{restarts} restarts"


def _age(pod: Mapping[str, Any], now: datetime) -> str:
    return humanize.naturaldelta(now - datetime.fromisoformat(pod["metadata"]["creationTimestamp"]))
