"""Deletes: an object goes at once, or is marked as going while finalizers or a grace period hold it.

What waits for it is others' work: the kubelet ends a pod's grace, the garbage collector takes its finalizers
away, a client removes its own. A later write that leaves nothing to wait for removes the object for good.
"""

from datetime import timedelta
from typing import Any

from bot.sandbox.kubernetes.errors import Subject, conflict, forbidden
from bot.sandbox.kubernetes.metadata import timestamp
from bot.sandbox.kubernetes.objects import Objects
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.seeding import NAMESPACES
from bot.sandbox.kubernetes.storage import copied
from bot.sandbox.kubernetes.writes import Deletion, Writing, Written, ready_to_go

Object = dict[str, Any]

PROPAGATION = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
"""The finalizer by which a delete waits for the garbage collector."""


def delete(objects: Objects, resource: Resource, namespace: str, name: str, how: Deletion) -> Written:
    """Remove an object, or mark it as going when finalizers or a grace period hold it.

    Raises: ApiError 404, 403 for a namespace that the cluster needs, 409 when a precondition does not hold.
    """
    if resource.kind == "Namespace" and not resource.group and name in NAMESPACES:
        raise forbidden(resource.subject(name), "this namespace may not be deleted")
    before = objects.existing(resource, namespace, name)
    _check_preconditions(resource, before, how)
    after = copied(before)
    metadata = after["metadata"]
    finalizers = [f for f in metadata.get("finalizers") or [] if f not in PROPAGATION.values()]
    if how.propagation in PROPAGATION:
        finalizers.append(PROPAGATION[how.propagation])
    metadata["finalizers"] = finalizers
    grace = _grace(resource, after, how)
    marked = metadata.get("deletionTimestamp")
    if not marked or grace < metadata.get("deletionGracePeriodSeconds", 0):
        at = objects.clock.now() + timedelta(seconds=grace)
        metadata.update(deletionTimestamp=timestamp(at), deletionGracePeriodSeconds=grace)
        if objects.has_generation(resource) and not marked:
            metadata["generation"] = metadata.get("generation", 0) + 1
    if not finalizers:
        del metadata["finalizers"]
    if resource.kind == "Namespace" and not resource.group:
        after.setdefault("status", {})["phase"] = "Terminating"
    writing = Writing("", dry_run=how.dry_run)
    key = objects.key(resource, namespace, name)
    if ready_to_go(resource, after):
        return objects.removed(key, resource, after, writing, [])
    return Written(objects.stored(key, resource, after, writing))


def _check_preconditions(resource: Resource, before: Object, how: Deletion) -> None:
    metadata = before["metadata"]
    about = Subject(resource.group, resource.kind, resource.kind, metadata["name"])
    for label, wanted, present, perhaps in (
        ("UID", how.uid, metadata["uid"], "deleted and then recreated"),
        ("ResourceVersion", how.version, metadata["resourceVersion"], "modified"),
    ):
        if wanted is not None and wanted != present:
            words = (
                f"the {label} in the precondition ({wanted}) does not match the {label} in record ({present}). "
                f"The object might have been {perhaps}"
            )
            raise conflict(about, words)


def _grace(resource: Resource, obj: Object, how: Deletion) -> int:
    """Seconds until the object may go. Only pods that run somewhere are given any."""
    if resource.kind != "Pod" or not (obj.get("spec") or {}).get("nodeName"):
        return 0
    if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return how.grace if how.grace is not None else int(obj["spec"].get("terminationGracePeriodSeconds", 30))
