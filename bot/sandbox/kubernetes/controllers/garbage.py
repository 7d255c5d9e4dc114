"""The garbage collector: what belongs to an owner that is gone goes too, as its deletion asked for.

The API turns a deletion's propagation policy into a finalizer; here it is worked off: `orphan` sets the
dependents free, `foregroundDeletion` waits for their end; without either they are deleted after it.
"""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import FOREGROUND, Cluster, is_ending
from bot.sandbox.kubernetes.storage import Change, Key, Object

ORPHAN = "orphan"


class GarbageCollector:
    """Deletes, or frees, what owners leave behind."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def concerns(self, change: Change) -> Iterable[Key]:
        metadata = change.object["metadata"]
        if change.type == "DELETED":
            left = self._cluster.dependents(metadata.get("uid", ""))
            return [*left, *self._owners(change.object)]
        owned = change.type == "ADDED" and metadata.get("ownerReferences")
        return [change.key] if owned or is_ending(change.object) else []

    def _owners(self, obj: Object) -> list[Key]:
        """The object's owners that exist: one may wait for this end."""
        owners = obj["metadata"].get("ownerReferences") or ()
        return [key for owner in owners if (key := self._cluster.place(owner["uid"])) is not None]

    def reconcile(self, key: Key) -> float | None:
        obj = self._cluster.get(key)
        if obj is None:
            return None
        finalizers = obj["metadata"].get("finalizers") or ()
        if is_ending(obj) and ORPHAN in finalizers:
            self._free_dependents(obj)
            self._cluster.finalize(key, ORPHAN)
        elif is_ending(obj) and FOREGROUND in finalizers:
            self._delete_dependents(key, obj)
        elif not is_ending(obj) and self._is_abandoned(obj):
            self._cluster.delete(key)
        return None

    def _is_abandoned(self, obj: Object) -> bool:
        owners = obj["metadata"].get("ownerReferences") or ()
        return bool(owners) and not any(self._cluster.exists(owner["uid"]) for owner in owners)

    def _free_dependents(self, owner: Object) -> None:
        uid = owner["metadata"]["uid"]

        def free(obj: Object) -> None:
            kept = [o for o in obj["metadata"].get("ownerReferences") or () if o["uid"] != uid]
            obj["metadata"]["ownerReferences"] = kept
            if not kept:
                del obj["metadata"]["ownerReferences"]

        for key in self._cluster.dependents(uid):
            self._cluster.edit(key, free)

    def _delete_dependents(self, key: Key, owner: Object) -> None:
        """Delete all, and end the owner once those are gone that block its deletion."""
        uid, blocking = owner["metadata"]["uid"], False
        for place in self._cluster.dependents(uid):
            self._cluster.delete(place, foreground=bool(self._cluster.dependents(self._uid(place))))
            left = self._cluster.get(place)
            owners = (left or {}).get("metadata", {}).get("ownerReferences") or ()
            blocking |= any(o["uid"] == uid and o.get("blockOwnerDeletion") for o in owners)
        if not blocking:
            self._cluster.finalize(key, FOREGROUND)

    def _uid(self, key: Key) -> str:
        obj = self._cluster.get(key)
        return str(obj["metadata"].get("uid", "")) if obj is not None else ""
