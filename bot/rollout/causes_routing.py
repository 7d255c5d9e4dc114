"""What keeps a healthy workload from being used as meant (rows 44 to 47): warnings, never failures.

One look after the rollout, since endpoints and metrics follow the pods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from bot.clock import Clock
from bot.cluster import Cluster, ClusterError, Ref
from bot.events import Trouble
from bot.rollout.causes import condition, one_line
from bot.rollout.picture import Raw
from bot.rollout.verdicts import ObjectRef

_TRIES, _PAUSE = 4, 0.5
"""Endpoints follow ready pods within a second or two."""


async def warnings(
    cluster: Cluster, namespace: str, objects: Sequence[ObjectRef], clock: Clock
) -> tuple[Trouble, ...]:
    """What is to be said beside "healthy". What may not be read is left out."""
    looks = [
        _service(cluster, namespace, it.name, clock) for it in objects if it.kind == "Service" and not it.hook
    ]
    looks += [
        _autoscaler(cluster, namespace, it)
        for it in objects
        if it.kind == "HorizontalPodAutoscaler" and not it.hook
    ]
    looks += [_ingress(cluster, namespace, it) for it in objects if it.kind == "Ingress" and not it.hook]
    found = await asyncio.gather(*looks)
    return tuple(it for it in found if it is not None)


def autoscaler_fights(manifests: Iterable[Raw]) -> list[Trouble]:
    """Row 44, from a rendered manifest: replicas are set where an autoscaler sets them, too. Pure."""
    items = list(manifests)
    targets = {
        (target.get("kind"), target.get("name")): item["metadata"]["name"]
        for item in items
        if item.get("kind") == "HorizontalPodAutoscaler"
        for target in [(item.get("spec") or {}).get("scaleTargetRef") or {}]
    }
    found = []
    for item in items:
        kind, name = item.get("kind"), (item.get("metadata") or {}).get("name")
        if (kind, name) in targets and (item.get("spec") or {}).get("replicas") is not None:
            advice = f"Leave replicas of {kind} {name} out of the chart"
            where = f"{kind}/{name}"
            words = "Chart and autoscaler disagree on replicas"
            found.append(Trouble("autoscaler-fight", words, where, where, advice=advice))
    return found


def autoscaler_blind(item: Raw) -> Trouble | None:
    """Row 45: an autoscaler cannot read what it scales by."""
    active = condition(item, "ScalingActive")
    if active.get("status") != "False" or not str(active.get("reason") or "").startswith("FailedGet"):
        return None
    where = f"HorizontalPodAutoscaler/{item['metadata']['name']}"
    advice = "See that metrics-server runs and that the pods have requests"
    quote = one_line(str(active.get("message") or ""))
    return Trouble("autoscaler-blind", "The autoscaler has no metrics", where, quote=quote, advice=advice)


def no_endpoints(service: Raw, slices: Iterable[Raw]) -> Trouble | None:
    """Row 47: a Service that selects pods, and none of them is ready."""
    spec = service.get("spec") or {}
    if not spec.get("selector") or spec.get("type") == "ExternalName":
        return None
    for item in slices:
        for endpoint in item.get("endpoints") or ():
            # "ready" may be absent, which the API defines as true.
            if (endpoint.get("conditions") or {}).get("ready", True) is not False and endpoint.get(
                "addresses"
            ):
                return None
    where = f"Service/{service['metadata']['name']}"
    chosen = ",".join(f"{key}={value}" for key, value in sorted(spec["selector"].items()))
    advice = "Compare the selector with the pods' labels"
    return Trouble("no-endpoints", "The Service points at nothing", where, quote=chosen, advice=advice)


async def _ingress(cluster: Cluster, namespace: str, ref: ObjectRef) -> Trouble | None:
    """Row 46: it names a class that there is none of, which nobody tells."""
    try:
        item = await cluster.get(Ref(ref.api_version, ref.kind, ref.name, namespace))
        name = ((item or {}).get("spec") or {}).get("ingressClassName")
        if not name or await cluster.get(Ref("networking.k8s.io/v1", "IngressClass", name)) is not None:
            return None
    except ClusterError:
        return None
    advice = "Correct ingressClassName, or install its controller"
    where = f"Ingress/{ref.name}"
    return Trouble("ingress-class", f"No controller serves the class {name}", where, advice=advice)


async def _service(cluster: Cluster, namespace: str, name: str, clock: Clock) -> Trouble | None:
    trouble = None
    for attempt in range(_TRIES):
        try:
            service = await cluster.get(Ref("v1", "Service", name, namespace))
            if service is None:
                return None
            slices = await cluster.list(
                "discovery.k8s.io/v1", "EndpointSlice", namespace, labels=f"kubernetes.io/service-name={name}"
            )
        except ClusterError:
            return None
        trouble = no_endpoints(service, slices)
        if trouble is None:
            return None
        if attempt < _TRIES - 1:
            await clock.sleep(_PAUSE)
    return trouble


async def _autoscaler(cluster: Cluster, namespace: str, ref: ObjectRef) -> Trouble | None:
    try:
        item = await cluster.get(Ref(ref.api_version, ref.kind, ref.name, namespace))
    except ClusterError:
        return None
    return autoscaler_blind(item) if item else None
