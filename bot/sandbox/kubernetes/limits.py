"""LimitRanges: what a pod's containers get where they say nothing, and what they and claims may not ask for."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bot.sandbox.kubernetes.quantities import parse
from bot.sandbox.kubernetes.storage import Storage

Object = dict[str, Any]

ANNOTATION = "kubernetes.io/limit-ranger"
"""Where a pod says what was set for it."""


def set_limits(storage: Storage, pod: Object) -> None:
    """Give containers the namespace's defaults where they say nothing, in place."""
    told: list[str] = []
    for limit in _limits(storage, pod["metadata"].get("namespace", ""), "Container"):
        for container in _containers(pod):
            for which, defaults in (("request", "defaultRequest"), ("limit", "default")):
                resources = container.setdefault("resources", {})
                present = resources.get(f"{which}s") or {}
                new = {
                    name: value for name, value in (limit.get(defaults) or {}).items() if name not in present
                }
                if new:
                    resources[f"{which}s"] = {**present, **new}
                    told.append(f"{', '.join(sorted(new))} {which} for container {container['name']}")
    if told:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[ANNOTATION] = f"LimitRanger plugin set: {'; '.join(told)}"


def pod_refusal(storage: Storage, pod: Object) -> str | None:
    """Why no LimitRange lets the pod in, in the API server's words, or None."""
    namespace = pod["metadata"].get("namespace", "")
    found = [
        words
        for limit in _limits(storage, namespace, "Container")
        for container in _containers(pod)
        for words in _broken(limit, container.get("resources") or {})
    ]
    for limit in _limits(storage, namespace, "Pod"):
        found += _broken(limit, _whole(pod))
    return _joined(found)


def claim_refusal(storage: Storage, claim: Object) -> str | None:
    """The same of a PersistentVolumeClaim."""
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")
    found: list[str] = []
    for limit in _limits(storage, claim["metadata"].get("namespace", ""), "PersistentVolumeClaim"):
        for name, bound in (("minimum", "min"), ("maximum", "max")):
            enforced = (limit.get(bound) or {}).get("storage")
            beyond = enforced is not None and (
                parse(asked) < parse(enforced) if bound == "min" else parse(asked) > parse(enforced)
            )
            if beyond:
                usage = f"{name} storage usage per PersistentVolumeClaim is {enforced}"
                found.append(f"{usage}, but request is {asked}")
    return _joined(found)


def _joined(found: list[str]) -> str | None:
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else None


def _limits(storage: Storage, namespace: str, kind: str) -> Iterator[Object]:
    for each in storage.scan("", "limitranges", namespace):
        for limit in (each.get("spec") or {}).get("limits") or []:
            if limit.get("type") == kind:
                yield limit


def _containers(pod: Object) -> list[Object]:
    spec = pod["spec"]
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def _whole(pod: Object) -> Object:
    """What all the containers of a pod ask for and may have together."""
    whole: dict[str, dict[str, Decimal]] = {"requests": {}, "limits": {}}
    for container in pod["spec"].get("containers") or []:
        for which, amounts in whole.items():
            for name, amount in ((container.get("resources") or {}).get(which) or {}).items():
                amounts[name] = amounts.get(name, Decimal(0)) + parse(amount)
    return {
        which: {name: f"{amount:f}" for name, amount in amounts.items()} for which, amounts in whole.items()
    }


def _broken(limit: Object, resources: Object) -> Iterator[str]:
    kind = limit["type"]
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, least in (limit.get("min") or {}).items():
        usage = f"minimum {name} usage per {kind} is {least}"
        if name not in requests:
            yield f"{usage}.  No request is specified"
        elif parse(requests[name]) < parse(least):
            yield f"{usage}, but request is {requests[name]}"
        elif name in limits and parse(limits[name]) < parse(least):
            yield f"{usage}, but limit is {limits[name]}"
    for name, most in (limit.get("max") or {}).items():
        usage = f"maximum {name} usage per {kind} is {most}"
        if name not in limits:
            yield f"{usage}.  No limit is specified"
        elif parse(limits[name]) > parse(most):
            yield f"{usage}, but limit is {limits[name]}"
        elif name in requests and parse(requests[name]) > parse(most):
            yield f"{usage}, but request is {requests[name]}"
    for name, most in (limit.get("maxLimitRequestRatio") or {}).items():
        yield from _ratio(name, most, kind, requests.get(name, "0"), limits.get(name, "0"))


def _ratio(name: str, most: str, kind: str, request: str, limit: str) -> Iterator[str]:
    allowed = f"{name} max limit to request ratio per {kind} is {most}"
    if not parse(request):
        yield f"{allowed}, but no request is specified or request is 0"
    elif not parse(limit):
        yield f"{allowed}, but no limit is specified or limit is 0"
    elif (ratio := parse(limit) / parse(request)) > parse(most):
        yield f"{allowed}, but provided ratio is {ratio:.6f}"
