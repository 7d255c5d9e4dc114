"""What a restart would do: which workloads of the release start new pods, and which of them are down meanwhile.

The release itself does not change: no revision is made, and Helm's next upgrade leaves the annotation alone, since
no manifest of the release names it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from bot.cluster.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.planning.comparing import Comparison
from bot.planning.manifests import Object
from bot.planning.plan import ObjectRef
from bot.planning.summary import Line

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose controllers replace pods when the pod template changes."""


@dataclass(frozen=True)
class Restarting:
    """What restarts, and how that is told."""

    objects: tuple[ObjectRef, ...]
    comparison: Comparison


async def restarting(cluster: Cluster, namespace: str, objects: Iterable[ObjectRef]) -> Restarting:
    """The workloads among a release's objects that a restart replaces the pods of.

    Raises: ClusterError.
    """
    wanted = [each for each in objects if each.kind in KINDS and each.namespace == namespace]
    items = await asyncio.gather(
        *(cluster.get(Ref(each.api_version, each.kind, each.name, namespace)) for each in wanted)
    )
    found = [(each, item) for each, item in zip(wanted, items, strict=True) if item is not None]
    notes = tuple(note for each, item in found if (note := left_out(each, item)))
    moving = [(each, item) for each, item in found if not left_out(each, item)]
    lines = [Line(f"{_name(each)}: {_count(pods(each.kind, item))}") for each, item in moving]
    lines += [
        Line(f"{_name(each)} is down meanwhile", "warning")
        for each, item in moving
        if is_down(each.kind, item)
    ]
    comparison = Comparison(tuple(lines), notes, diff="", added=0, removed=0, unchanged=False)
    return Restarting(tuple(each for each, _ in moving), comparison)


def left_out(ref: ObjectRef, item: Object) -> str:
    """Why a workload is not restarted; "" when it is."""
    spec = item.get("spec") or {}
    if spec.get("paused"):
        return f"{_name(ref)} is paused: left as it is"
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return f"{_name(ref)} changes pods by hand alone: left as it is"
    if pods(ref.kind, item) == 0:
        return f"{_name(ref)} has no pods: left as it is"
    return ""


def pods(kind: str, item: Object) -> int:
    """How many pods a workload is to have."""
    if kind == "DaemonSet":
        return int((item.get("status") or {}).get("desiredNumberScheduled") or 0)
    replicas = (item.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def is_down(kind: str, item: Object) -> bool:
    """Whether its old pods end before new ones are there, all of them at once."""
    spec = item.get("spec") or {}
    if kind == "Deployment":
        return (spec.get("strategy") or {}).get("type") == "Recreate"
    return kind == "StatefulSet" and pods(kind, item) == 1


def _name(ref: ObjectRef) -> str:
    return ref.name if ref.kind == "Deployment" else f"{ref.kind} {ref.name}"


def _count(number: int) -> str:
    return "1 pod" if number == 1 else f"{number} pods"
