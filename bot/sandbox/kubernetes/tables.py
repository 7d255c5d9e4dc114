"""Objects as kubectl's rows: the server-side Table form, and objects reduced to their metadata."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.kubernetes.resources import Resource

Object = dict[str, Any]
Cell = Callable[[Object], Any]

AGE = ("Age", "string", lambda obj: obj["metadata"].get("creationTimestamp"))


def partial(obj: Object) -> Object:
    """PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(
    resource: Resource, items: list[Object], *, include: str = "Metadata", columns: bool = True
) -> Object:
    return {}
