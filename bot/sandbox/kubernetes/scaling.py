"""The `scale` subresource: any workload's replicas as one small kind, autoscaling/v1 Scale."""

import json
from collections.abc import Callable
from typing import Any

from bot.sandbox.kubernetes.errors import Cause, Subject, invalid, unpatchable
from bot.sandbox.kubernetes.objects import Objects
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.schemas import Schema
from bot.sandbox.kubernetes.selectors import selector_text
from bot.sandbox.kubernetes.writes import Writing

Object = dict[str, Any]

DEFINITION = "io.k8s.api.autoscaling.v1.Scale"


def schema(objects: Objects) -> Schema:
    """The schema of a Scale."""
    return objects.schemas.definition(DEFINITION)


def scale_of(obj: Object) -> Object:
    """A workload as a Scale."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = spec.get("selector")
    text = selector_text(
        selector if selector and "matchLabels" in selector else {"matchLabels": selector or {}}
    )
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": replicas} if (replicas := spec.get("replicas")) else {},
        "status": {"replicas": status.get("replicas", 0), "selector": text},
    }


def rescale(
    objects: Objects,
    resource: Resource,
    place: tuple[str, str],
    patch: Callable[[Object], Object],
    how: Writing,
) -> Object:
    """Change a workload's replicas by changing its Scale; `place` is namespace and name.

    Raises: ApiError 422 for a number below zero or none.
    """

    def scaled(obj: Object) -> Object:
        wanted = patch(scale_of(obj))
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int):
            why = "json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32"
            raise unpatchable(json.dumps(json.dumps(wanted, separators=(",", ":"))), why)
        if replicas < 0:
            words = f"Invalid value: {replicas}: must be greater than or equal to 0"
            about = Subject("autoscaling", "scales", "Scale", place[1])
            raise invalid(about, [Cause("spec.replicas", "FieldValueInvalid", words)])
        version = (wanted.get("metadata") or {}).get("resourceVersion")
        metadata = {**obj["metadata"], **({"resourceVersion": version} if version else {})}
        return {**obj, "metadata": metadata, "spec": {**obj["spec"], "replicas": replicas}}

    return scale_of(objects.change(resource, *place, scaled, how).object)
