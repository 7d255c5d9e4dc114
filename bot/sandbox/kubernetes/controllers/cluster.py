"""What the controllers see of the cluster and how they change it.

Reads come from a cache that follows the storage's changes, as an informer does: no copy is made, so what
is read must not be modified. Writes go through `edit`, which starts from what is stored now; as nothing
awaits between its read and its write, no one else's change is lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

from bot.clock import Clock
from bot.sandbox.kubernetes.controllers.kinds import POD, Kind
from bot.sandbox.kubernetes.metadata import timestamp
from bot.sandbox.kubernetes.storage import Change, Key, Object, Storage


class Cluster:
    """The cluster's objects, indexed by kind, owner and uid."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self._objects: dict[tuple[str, str], dict[Key, Object]] = defaultdict(dict)
        self._dependents: dict[str, set[Key]] = defaultdict(set)
        self._uids: dict[str, Key] = {}
        self._removed: dict[Key, int] = {}

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def stamp(self) -> str:
        """The present as an object's fields write it."""
        return timestamp(self.clock.now())

    def get(self, key: Key) -> Object | None:
        """The object as last seen, not to be modified, or None."""
        return self._objects[key.group, key.resource].get(key)

    def all(self, kind: Kind, namespace: str | None = None) -> list[Object]:
        """All objects of a kind (of one namespace), by name, not to be modified."""
        of_kind = self._objects[kind.group, kind.resource]
        return [of_kind[key] for key in sorted(of_kind) if namespace in (None, key.namespace)]

    def owned(self, owner: Object, kind: Kind) -> list[Object]:
        """The objects of a kind whose controller is `owner`, by name, not to be modified."""
        uid = owner["metadata"]["uid"]
        keys = sorted(key for key in self._dependents.get(uid, ()) if kind.has(key))
        found = [obj for key in keys if (obj := self.get(key)) is not None]
        return [obj for obj in found if (controller_of(obj) or {}).get("uid") == uid]

    def dependents(self, uid: str) -> list[Key]:
        """The keys of all objects that name `uid` among their owners."""
        return sorted(self._dependents.get(uid, ()))

    def exists(self, uid: str) -> bool:
        """Whether an object with that uid exists."""
        return uid in self._uids

    def keys_in(self, namespace: str) -> list[Key]:
        """The keys of everything inside a namespace."""
        return sorted(key for keys in self._objects.values() for key in keys if key.namespace == namespace)

    def create(self, kind: Kind, obj: Object) -> Object:
        """Store a new object (its metadata complete) and return it."""
        obj = {"apiVersion": kind.api_version, "kind": kind.name, **obj}
        key = kind.key_of(obj)
        stored = self.storage.put(key, obj)
        self._remember(key, stored)
        return stored

    def edit(self, key: Key, change: Callable[[Object], None]) -> Object | None:
        """Let `change` modify the object as it is stored now, store it, and return it; None when it is gone."""
        obj = self.storage.get(key)
        if obj is None:
            return None
        change(obj)
        stored = self.storage.put(key, obj)
        self._remember(key, stored)
        return stored

    def delete(self, key: Key) -> None:
        """Ask for the object's end as a client's DELETE does: pods end gracefully, finalizers are waited for."""
        obj = self.storage.get(key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return
        if POD.has(key) and obj["spec"].get("nodeName"):
            grace = obj["spec"].get("terminationGracePeriodSeconds", 30)
            self.edit(key, lambda pod: self._mark_deleted(pod, grace))
        elif obj["metadata"].get("finalizers"):
            self.edit(key, lambda waiting: self._mark_deleted(waiting, None))
        else:
            self.remove(key)

    def remove(self, key: Key) -> None:
        """Remove the object for good, at once."""
        gone = self.storage.delete(key)
        if gone is not None:
            self._removed[key] = int(gone["metadata"]["resourceVersion"])
            self._forget(key)

    def _mark_deleted(self, obj: Object, grace: int | None) -> None:
        obj["metadata"]["deletionTimestamp"] = self.stamp
        if grace is not None:
            obj["metadata"]["deletionGracePeriodSeconds"] = grace

    def fill(self) -> None:
        """Read everything that is stored already."""
        for key in self.storage.keys():
            obj = self.storage.get(key)
            if obj is not None:
                self._remember(key, obj)

    def note(self, change: Change) -> None:
        """Follow a change of the storage, unless the cache is ahead of it by a write of our own."""
        if change.type == "DELETED":
            self._removed.pop(change.key, None)
            if change.version > self._version(change.key):
                self._forget(change.key)
        elif change.version > max(self._version(change.key), self._removed.get(change.key, 0)):
            self._remember(change.key, change.object)

    def _version(self, key: Key) -> int:
        held = self.get(key)
        return int(held["metadata"]["resourceVersion"]) if held is not None else 0

    def _remember(self, key: Key, obj: Object) -> None:
        self._forget(key)
        self._objects[key.group, key.resource][key] = obj
        self._uids[obj["metadata"].get("uid", "")] = key
        for owner in obj["metadata"].get("ownerReferences") or ():
            self._dependents[owner["uid"]].add(key)

    def _forget(self, key: Key) -> None:
        held = self._objects[key.group, key.resource].pop(key, None)
        if held is None:
            return
        self._uids.pop(held["metadata"].get("uid", ""), None)
        for owner in held["metadata"].get("ownerReferences") or ():
            keys = self._dependents[owner["uid"]]
            keys.discard(key)
            if not keys:
                del self._dependents[owner["uid"]]


def controller_of(obj: Object) -> Object | None:
    """The owner reference of the object's controller."""
    owners: Iterable[Object] = obj["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def owner_keys(kind: Kind, obj: Object) -> list[Key]:
    """The key of the object's controller when that is of `kind`: whom to tell that it changed."""
    owner = controller_of(obj)
    if owner is None or owner["kind"] != kind.name:
        return []
    return [kind.key(obj["metadata"].get("namespace", ""), owner["name"])]


def is_ending(obj: Object) -> bool:
    """Whether the object has been deleted and only waits for its end."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def set_condition(
    status: Object, kind: str, value: bool, reason: str, message: str, stamp: str, *, updated: bool = False
) -> None:
    """Set one of a status' conditions; its transition time moves only when its value does.

    `updated` adds lastUpdateTime, which Deployments have; it moves when value, reason or message do.
    """
    conditions = status.setdefault("conditions", [])
    text = "True" if value else "False"
    before = next((c for c in conditions if c["type"] == kind), None)
    if before is not None and (before["status"], before.get("reason", ""), before.get("message", "")) == (
        text,
        reason,
        message,
    ):
        return
    moved = stamp if before is None or before["status"] != text else before["lastTransitionTime"]
    condition = {"type": kind, "status": text, "lastTransitionTime": moved}
    if updated:
        condition["lastUpdateTime"] = stamp
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    with suppress(ValueError):
        conditions[conditions.index(before)] = condition
        return
    conditions.append(condition)


def condition_of(obj: Object, kind: str) -> Object | None:
    """One of the object's conditions, or None."""
    conditions: Iterable[Object] = obj.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == kind), None)


def drop_condition(status: Object, kind: str) -> None:
    """Take a condition away."""
    status["conditions"] = [c for c in status.get("conditions") or () if c["type"] != kind]
