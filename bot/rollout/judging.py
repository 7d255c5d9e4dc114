"""One look at a release, without following it: for status, for "is the live revision healthy", for /why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.clock import SystemClock
from bot.cluster import Cluster
from bot.rollout.assessing import Assessment, assess, not_well
from bot.rollout.causes_routing import warnings
from bot.rollout.last_words import fetch_last_words, termination_message
from bot.rollout.looking import look
from bot.rollout.picture import Picture
from bot.rollout.verdicts import ObjectRef, Rules, Verdict
from bot.rollout.workloads import is_custom, is_workload


async def judge(cluster: Cluster, namespace: str, objects: Sequence[ObjectRef]) -> Verdict:
    """How these objects stand now. "unknown" while a rollout is under way and nothing is wrong so far.

    Raises: ClusterError when the cluster cannot be asked.
    """
    return judged(await look(cluster, namespace, objects), objects)


def judged(picture: Picture, objects: Sequence[ObjectRef]) -> Verdict:
    """As `judge`, by what was seen already."""
    return _verdict(_assessed(picture, objects), objects)


async def explain(cluster: Cluster, namespace: str, objects: Sequence[ObjectRef]) -> Verdict:
    """As `judge`, with the application's last words quoted in its troubles, and with warnings when it is healthy.

    Raises: ClusterError when the cluster cannot be asked.
    """
    picture = await look(cluster, namespace, objects)
    found = _assessed(picture, objects)
    shown = [it for it in found.troubles if it.pod and it.container]
    pods = [(it, picture.get("Pod", it.pod)) for it in shown]
    words = await asyncio.gather(
        *(fetch_last_words(cluster, namespace, pod, it.container) for it, pod in pods if pod is not None)
    )
    logs = {it.pod: text for (it, _), text in zip(pods, words, strict=True) if text}
    verdict = _verdict(_assessed(picture, objects, logs), objects)
    if verdict.health == "healthy":
        found_beside = await warnings(cluster, namespace, objects, SystemClock())
        return replace(verdict, troubles=(*verdict.troubles, *found_beside))
    for it, pod in pods:
        said = (termination_message(pod, it.container) if pod else "") or logs.get(it.pod, "")
        if said:
            return replace(verdict, last_words=said)
    return verdict


async def unwell_now(cluster: Cluster, namespace: str, objects: Sequence[ObjectRef]) -> dict[str, int]:
    """What of these objects is not healthy now, for `Follower`: a change is not blamed for what it does not touch.

    Raises: ClusterError when the cluster cannot be asked.
    """
    picture = await look(cluster, namespace, objects)
    return not_well(_assessed(picture, objects), picture)


def _assessed(
    picture: Picture, objects: Sequence[ObjectRef], logs: dict[str, str] | None = None
) -> Assessment:
    followed = [it for it in objects if is_workload(it) and not it.hook]
    followed += [it for it in objects if is_custom(it) and picture.get(it.index, it.name) is not None]
    return assess(picture, followed, Rules(), applied=True, logs=logs)


def _verdict(found: Assessment, objects: Sequence[ObjectRef]) -> Verdict:
    troubles = tuple(it.trouble for it in found.troubles)
    strange = tuple(it for it in objects if is_custom(it) and it not in found.progress)
    if found.missing:
        names = ", ".join(it.where for it in found.missing)
        return Verdict("failed", troubles, not_followed=strange, words=f"{names} is not there")
    if found.arrived:
        return Verdict("healthy", troubles, not_followed=strange)
    if troubles:
        return Verdict("failed", troubles, not_followed=strange, words=troubles[0].sentence())
    if found.waiting:
        words = found.waiting[0].sentence()
        return Verdict("unknown", not_followed=strange, words=words)
    return Verdict("unknown", not_followed=strange, words="It is not ready yet, and nothing says why")
