"""Namespaces come furnished and go with all they hold.

One task follows the cluster's changes: a new namespace gets its ServiceAccount, one that is being deleted
is emptied, and is gone once nothing in it is left. Objects with finalizers and pods that still run hold it
up, as they do in a real cluster.
"""

from contextlib import suppress
from typing import Any

from bot.clock import Clock
from bot.sandbox.kubernetes.deleting import delete
from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.objects import Objects
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.seeding import furnish
from bot.sandbox.kubernetes.storage import Change, Key
from bot.sandbox.kubernetes.writes import Deletion

Object = dict[str, Any]


async def keep_namespaces(objects: Objects, clock: Clock) -> None:
    """Run until cancelled."""
    with objects.storage.changes() as changes:
        async for change in changes:
            _react(objects, clock, change)


def _react(objects: Objects, clock: Clock, change: Change) -> None:
    key = change.key
    if (key.group, key.resource) != ("", "namespaces"):
        if _going(objects, key.namespace):
            if change.type == "ADDED":  # controllers write past the check that refuses clients
                _remove(objects, key)
            _finish(objects, key.namespace)
        return
    if change.type == "ADDED":
        furnish(objects.storage, key.name, clock.now())
    elif change.type == "MODIFIED" and _going(objects, key.name):
        _empty(objects, key.name)
        _finish(objects, key.name)


def _going(objects: Objects, namespace: str) -> bool:
    found = objects.storage.peek(Key("", "namespaces", "", namespace))
    return found is not None and "deletionTimestamp" in found["metadata"]


def _contents(objects: Objects, namespace: str) -> list[Key]:
    everything = objects.storage.keys()
    return [key for key in everything if key.namespace == namespace]


def _empty(objects: Objects, namespace: str) -> None:
    for key in _contents(objects, namespace):
        _remove(objects, key)


def _remove(objects: Objects, key: Key) -> None:
    resource = _resource(objects, key)
    if resource is None:
        objects.storage.delete(key)
        return
    with suppress(ApiError):  # it went meanwhile, which is what was wanted
        delete(objects, resource, key.namespace, key.name, Deletion())


def _resource(objects: Objects, key: Key) -> Resource | None:
    for version in objects.resources.versions(key.group):
        found = objects.resources.find(key.group, version, key.resource)
        if found is not None:
            return found
    return None


def _finish(objects: Objects, namespace: str) -> None:
    """Remove the namespace itself once it is empty and nobody else holds it."""
    key = Key("", "namespaces", "", namespace)
    found = objects.storage.get(key)
    if found is None or _contents(objects, namespace):
        return
    found["spec"] = {**(found.get("spec") or {}), "finalizers": []}
    if not found["metadata"].get("finalizers"):
        objects.storage.delete(key)
