"""ResourceQuotas: what a namespace uses, and whether a new object still fits."""

from decimal import Decimal
from typing import Any

from bot.sandbox.kubernetes.quantities import asked_by, parse, show
from bot.sandbox.kubernetes.storage import Key, Storage

Object = dict[str, Any]

_COMPUTE = {
    "cpu": ("cpu", "requests"), "memory": ("memory", "requests"),
    "requests.cpu": ("cpu", "requests"), "requests.memory": ("memory", "requests"),
    "limits.cpu": ("cpu", "limits"), "limits.memory": ("memory", "limits"),
}  # fmt: skip
_COUNTED = frozenset(
    [
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
    ]
)
"""Plurals that a quota may count by their plain name, as it may any other by `count/plural.group`."""


def counted(resource: str) -> tuple[str, str] | None:
    """The group and plural of the objects that a quota's resource counts; None when it counts none."""
    if resource in _COUNTED:
        return "", resource
    if not resource.startswith("count/"):
        return None
    plural, _, group = resource.removeprefix("count/").partition(".")
    return group, plural


def concerns(resource: str, key: Key) -> bool:
    """Whether an object counts in a quota's resource."""
    place = (key.group, key.resource)
    return place == (("", "pods") if resource in _COMPUTE else counted(resource))


def used(storage: Storage, namespace: str, resource: str) -> Decimal:
    """How much of a quota's resource the namespace uses now."""
    if resource in _COMPUTE:
        pods = _living(storage, namespace)
        return sum((asked_by(pod["spec"], *_COMPUTE[resource]) for pod in pods), Decimal(0))
    place = counted(resource)
    if place is None:
        return Decimal(0)
    return Decimal(
        len(_living(storage, namespace) if place == ("", "pods") else storage.scan(*place, namespace))
    )


def refusal(storage: Storage, key: Key, obj: Object) -> str | None:
    """Why no quota lets a new object in, in the API server's words, or None."""
    for quota in storage.scan("", "resourcequotas", key.namespace):
        if (why := _exceeded(storage, quota, key, obj)) is not None:
            return why
    return None


def _exceeded(storage: Storage, quota: Object, key: Key, obj: Object) -> str | None:
    over: list[tuple[str, Decimal, Decimal, Decimal]] = []
    name = quota["metadata"]["name"]
    for resource, limit in sorted((quota["spec"].get("hard") or {}).items()):
        if not concerns(resource, key):
            continue
        if missing := _silent(obj, resource):
            return f"failed quota: {name}: must specify {resource} for: {missing}"
        asked = asked_by(obj["spec"], *_COMPUTE[resource]) if resource in _COMPUTE else Decimal(1)
        present = used(storage, key.namespace, resource)
        if present + asked > parse(limit):
            over.append((resource, asked, present, parse(limit)))
    if not over:
        return None
    requested = ",".join(f"{r}={show(r, asked)}" for r, asked, _, _ in over)
    used_text = ",".join(f"{r}={show(r, present)}" for r, _, present, _ in over)
    limited = ",".join(f"{r}={show(r, limit)}" for r, _, _, limit in over)
    return f"exceeded quota: {name}, requested: {requested}, used: {used_text}, limited: {limited}"


def _silent(pod: Object, resource: str) -> str:
    """The containers that do not say how much they want of a compute resource that is limited."""
    if resource not in _COMPUTE:
        return ""
    one = ({"containers": [container]} for container in pod["spec"].get("containers") or ())
    return ",".join(spec["containers"][0]["name"] for spec in one if not asked_by(spec, *_COMPUTE[resource]))


def _living(storage: Storage, namespace: str) -> list[Object]:
    pods = storage.scan("", "pods", namespace)
    return [p for p in pods if (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
