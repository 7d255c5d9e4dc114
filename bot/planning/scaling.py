"""Replicas that an autoscaler sets beside the chart, and what those of a contested field are. Pure.

An autoscaler writes through the subresource `scale`, as `kubectl scale` does; they are told apart by their names.
"""

import re
from collections.abc import Iterable, Sequence

from bot.planning.manifests import Manifest, Object, images
from bot.planning.trial import Autoscaled
from bot.rollout.causes_routing import autoscaler_fights

AUTOSCALERS = ("kube-controller-manager", "horizontal-pod-autoscaler", "keda")
"""Who sets replicas by what is measured: the HorizontalPodAutoscaler's controller, by the program it is part of."""

KEEPER = "pilothouse-autoscaled"
"""By which name we put back what an autoscaler had set (`bot.operations.keeping`)."""

REPLICAS = ".spec.replicas"

_IMAGE = re.compile(r'\.spec\.template\.spec\.(?:initC|c)ontainers\[name="([^"]+)"\]\.image')


def by_autoscaler(manager: str, subresource: str) -> bool:
    """Whether it is an autoscaler that writes so, or we in its place."""
    return manager == KEEPER or (subresource == "scale" and manager.startswith(AUTOSCALERS))


def is_autoscaled(item: Object) -> bool:
    """Whether an autoscaler set the replicas that an object has now."""
    entries = (item.get("metadata") or {}).get("managedFields") or ()
    return any(
        by_autoscaler(str(entry.get("manager") or ""), str(entry.get("subresource") or ""))
        and "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        for entry in entries
    )


def autoscaled(wanted: Manifest, live: Object | None) -> tuple[Autoscaled, ...]:
    """The workload, where an autoscaler has set its replicas otherwise than its manifest says."""
    then, now = replicas_of(wanted.object), replicas_of(live or {})
    if live is None or then is None or now in (None, then) or not is_autoscaled(live):
        return ()
    assert now is not None
    key = wanted.key
    return (Autoscaled(str(wanted.object["apiVersion"]), key.kind, key.namespace, key.name, now, then),)


def leaving(before: Iterable[Manifest], after: Iterable[Manifest]) -> frozenset[tuple[str, str]]:
    """Kind and name of the workloads whose autoscaler the release loses: their replicas are the chart's again."""
    return _targets(before) - _targets(after)


def _targets(objects: Iterable[Manifest]) -> frozenset[tuple[str, str]]:
    targets = (
        (each.object.get("spec") or {}).get("scaleTargetRef") or {}
        for each in objects
        if each.key.kind == "HorizontalPodAutoscaler"
    )
    return frozenset((str(target.get("kind")), str(target.get("name"))) for target in targets)


def replicas_of(item: Object) -> int | None:
    """What an object says of its replicas; None where it says nothing."""
    spec = item.get("spec")
    found = spec.get("replicas") if isinstance(spec, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def unsettled(objects: Sequence[Manifest], settled: Iterable[Autoscaled]) -> list[str]:
    """Workloads whose replicas chart and autoscaler both set, though they agree on them now (row 44)."""
    known = {f"{each.kind}/{each.name}" for each in settled}
    return [
        f"{fight.where.replace('/', ' ')}: chart and autoscaler both set replicas. Leave them out of the chart"
        for fight in autoscaler_fights(each.object for each in objects)
        if fight.where not in known
    ]


def values(field: str, live: Object, wanted: Object) -> tuple[str, str]:
    """What a contested field is and what is wanted of it, where that is nobody's secret: replicas and images."""
    if field == REPLICAS:
        now, then = replicas_of(live), replicas_of(wanted)
        return ("" if now is None else str(now)), ("" if then is None else str(then))
    found = _IMAGE.fullmatch(field)
    if found is None:
        return "", ""
    return _tag(images(live).get(found[1], "")), _tag(images(wanted).get(found[1], ""))


def _tag(image: str) -> str:
    """An image as short as it still says which: its tag, else all of it."""
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return tag or name
