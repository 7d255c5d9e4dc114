"""What an application said before it died: its termination message, else the end of its log. Not masked."""

from __future__ import annotations

from bot.cluster import Cluster, ClusterError
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
    status = next((it.status for it in PodView(pod).containers if it.name == container), {})
    ended_now = bool((status.get("state") or {}).get("terminated"))
    name = pod["metadata"]["name"]
    for previous in (False, True) if ended_now else (True, False):
        try:
            words = await cluster.logs(
                namespace, name, container or None, previous=previous, tail=LINES, timeout=_TIMEOUT
            )
        except ClusterError:
            continue
        if words.strip():
            return words.strip("\n")
    return ""
