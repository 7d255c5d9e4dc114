"""One look at what a release consists of: as few requests and objects as say how it stands.

A workload that says itself that it is complete needs no more than itself; the pods of one that is not are found by
its selector, whatever else is in the namespace. What the objects mean is left to `workloads` and the causes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from bot.cluster import Cluster, ClusterRefused, Ref
from bot.rollout.picture import TELLING, Picture, Raw
from bot.rollout.verdicts import ObjectRef
from bot.rollout.workloads import FOLLOWED, is_custom, is_settled, is_workload, selector_text

AT_ONCE = 16
"""Objects asked for at the same time."""

_TELLING = ("type=Warning", *(f"reason={reason}" for reason in TELLING))
"""The events that causes go by, as field selectors."""


async def look(cluster: Cluster, namespace: str, objects: Sequence[ObjectRef]) -> Picture:
    """A picture of what these objects are, and of what those own that are not complete.

    Custom objects and events that may not be read are left out. Raises: ClusterError.
    """
    picture = Picture()
    unsettled = []
    for item in await _items(cluster, namespace, objects):
        picture.put(item)
        if item["kind"] in FOLLOWED and not is_settled(item):
            unsettled.append(item)
    if unsettled:
        for item in await _beneath(cluster, namespace, unsettled):
            picture.put(item)
    return picture


async def _items(cluster: Cluster, namespace: str, objects: Sequence[ObjectRef]) -> list[Raw]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(ref: ObjectRef) -> Raw | None:
        async with turns:
            try:
                found = await cluster.get(Ref(ref.api_version, ref.kind, ref.name, namespace))
            except ClusterRefused:
                if is_custom(ref):
                    return None
                raise
        return {"apiVersion": ref.api_version, "kind": ref.kind, **found} if found is not None else None

    wanted = (it for it in dict.fromkeys(objects) if is_workload(it) or is_custom(it))
    return [it for it in await asyncio.gather(*map(one, wanted)) if it is not None]


async def _beneath(cluster: Cluster, namespace: str, unsettled: Sequence[Raw]) -> list[Raw]:
    """The ReplicaSets, pods and claims of workloads, and the events that may say what is wrong with any of them."""
    asked = []
    for item in unsettled:
        labels = selector_text((item.get("spec") or {}).get("selector") or {})
        if item["kind"] == "Deployment" and labels:
            asked.append(cluster.list("apps/v1", "ReplicaSet", namespace, labels=labels))
        if item["kind"] not in ("Pod", "PersistentVolumeClaim") and labels:
            asked.append(cluster.list("v1", "Pod", namespace, labels=labels))
    kinds = {item["kind"] for item in unsettled}
    if kinds & {"StatefulSet", "PersistentVolumeClaim"}:
        asked.append(cluster.list("v1", "PersistentVolumeClaim", namespace))
    found, told = await asyncio.gather(asyncio.gather(*asked), _events(cluster, namespace))
    return [*(item for items in found for item in items), *told]


async def _events(cluster: Cluster, namespace: str) -> Iterable[Raw]:
    asked = (cluster.list("v1", "Event", namespace, fields=fields) for fields in _TELLING)
    lists = await asyncio.gather(*asked, return_exceptions=True)
    for items in lists:
        if isinstance(items, BaseException) and not isinstance(items, ClusterRefused):
            raise items
    return [item for items in lists if not isinstance(items, BaseException) for item in items]
