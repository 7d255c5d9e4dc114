"""What an application said before it died: its termination message, else the end of its log. Not masked."""

from __future__ import annotations

from bot.cluster import Cluster, ClusterError, Ref
from bot.rollout.causes import PodView
from bot.rollout.picture import Raw

LINES = 20

_TIMEOUT = 5.0
"""Seconds; the words are worth a short wait, not a stuck rollout."""


def termination_message(pod: Raw, container: str) -> str:
    """What the container left in its termination log, "" for nothing."""
    for it in PodView(pod).containers:
        if it.name == container:
            return str(it.death.get("message") or "").strip()
    return ""


async def fetch_last_words(cluster: Cluster, namespace: str, pod: Raw, container: str) -> str:
    """The last lines of the container's run that ended; "" where they cannot be had."""
    status = _status(pod, container)
    ended_now = bool((status.get("state") or {}).get("terminated"))
    for previous in (False, True) if ended_now else (True, False):
        words = await _log(cluster, namespace, pod, container, previous=previous)
        if words and not previous and await _restarted(cluster, namespace, pod, container):
            # What was read may be the beginning of the run after the one that ended.
            words = await _log(cluster, namespace, pod, container, previous=True) or words
        if words:
            return words
    return ""


async def _log(cluster: Cluster, namespace: str, pod: Raw, container: str, *, previous: bool) -> str:
    try:
        words = await cluster.logs(
            namespace,
            pod["metadata"]["name"],
            container or None,
            previous=previous,
            tail=LINES,
            timeout=_TIMEOUT,
        )
    except ClusterError:
        return ""
    return words.strip("\n") if words.strip() else ""


async def _restarted(cluster: Cluster, namespace: str, pod: Raw, container: str) -> bool:
    """Whether the container has begun another run since `pod` was seen."""
    try:
        ref = Ref("v1", "Pod", pod["metadata"]["name"], namespace)
        now = await cluster.get(ref, timeout=_TIMEOUT)
    except ClusterError:
        return False
    before = _status(pod, container).get("restartCount", 0)
    return now is not None and bool(_status(now, container).get("restartCount", 0) > before)


def _status(pod: Raw, container: str) -> Raw:
    return next((it.status for it in PodView(pod).containers if it.name == container), {})
