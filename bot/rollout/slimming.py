"""What is kept of objects that are there by the thousand: what rollouts look at, equal parts once. Pure.

A pod as the API gives it is some 15 kB of dictionaries; ten thousand of them would be most of the bot's memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.rollout.picture import Raw

_METADATA = (
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "labels", "annotations", "ownerReferences",
)  # fmt: skip
_POD_SPEC = ("nodeName", "restartPolicy", "schedulingGates", "readinessGates", "containers", "initContainers")
_CONTAINER = ("name", "image", "restartPolicy", "readinessProbe", "resources", "ports")
_EVENT = (
    "apiVersion", "kind", "involvedObject", "regarding", "reason", "message", "type", "count", "series",
    "firstTimestamp", "lastTimestamp", "eventTime",
)  # fmt: skip
_NOT_OF_STATUS = ("podIP", "podIPs", "hostIP", "hostIPs", "qosClass")
_NOT_OF_CONTAINER_STATUS = (
    "containerID",
    "imageID",
    "allocatedResources",
    "resources",
    "user",
    "volumeMounts",
)
_SHARED = ("labels", "annotations", "ownerReferences")
"""Parts that many objects have alike: a template's pods differ in little but their names and times."""


class Slimmer:
    """Makes objects slim, and lets those of one rollout share what they have alike.

    The objects that come out are for reading only.
    """

    def __init__(self) -> None:
        self._parts: dict[str, Any] = {}

    def __call__(self, item: Raw) -> Raw:
        """The object with what rollouts look at; kinds of which there are few stay whole."""
        match item.get("kind"):
            case "Pod":
                return self._pod(item)
            case "Event":
                return {**_only(item, _EVENT), "metadata": _only(item["metadata"], _METADATA)}
            case "ReplicaSet":
                spec = {key: value for key, value in (item.get("spec") or {}).items() if key != "template"}
                return {**item, "metadata": self._metadata(item), "spec": spec}
        return item

    def _pod(self, pod: Raw) -> Raw:
        spec = _only(pod.get("spec") or {}, _POD_SPEC)
        for key in ("containers", "initContainers"):
            if spec.get(key):
                spec[key] = self._part([_only(each, _CONTAINER) for each in spec[key]])
        claims = [
            each for each in (pod.get("spec") or {}).get("volumes") or () if each.get("persistentVolumeClaim")
        ]
        if claims:
            spec["volumes"] = claims
        return {**_only(pod, ("apiVersion", "kind")), "metadata": self._metadata(pod), "spec": spec} | (
            {"status": self._status(pod["status"])} if "status" in pod else {}
        )

    def _status(self, status: Raw) -> Raw:
        slim = {key: value for key, value in status.items() if key not in _NOT_OF_STATUS}
        for key in ("containerStatuses", "initContainerStatuses"):
            if slim.get(key):
                slim[key] = self._part([_without(each, _NOT_OF_CONTAINER_STATUS) for each in slim[key]])
        if slim.get("conditions"):
            slim["conditions"] = [self._part(each) for each in slim["conditions"]]
        return slim

    def _metadata(self, item: Raw) -> Raw:
        slim = _only(item["metadata"], _METADATA)
        return {key: self._part(value) if key in _SHARED else value for key, value in slim.items()}

    def _part(self, value: Any) -> Any:
        """The same value, as the one object that stands for all that are equal to it."""
        return self._parts.setdefault(json.dumps(value, sort_keys=True), value)


def _only(item: Mapping[str, Any], keys: tuple[str, ...]) -> Raw:
    return {key: item[key] for key in keys if key in item}


def _without(item: Mapping[str, Any], keys: tuple[str, ...]) -> Raw:
    return {key: value for key, value in item.items() if key not in keys}
