"""What the controllers see of the cluster and how they change it.

Reads give the stored objects themselves, which must not be modified. Writes go through `edit`, which starts
from a copy of what is stored now; as nothing awaits between its read and its write, no one else's change is
lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.sandbox.kubernetes.controllers.kinds import NAMESPACE, POD, Kind
from bot.sandbox.kubernetes.metadata import owner_reference, timestamp
from bot.sandbox.kubernetes.selectors import selects
from bot.sandbox.kubernetes.storage import Change, Key, Object, Storage

FOREGROUND = "foregroundDeletion"
"""The finalizer of an object whose deletion waits for its dependents."""


class Taken(Exception):
    """An object of that name exists already, and is someone else's."""


class Cluster:
    """The cluster's objects, and which of them belong to which."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self._dependents: dict[str, set[Key]] = defaultdict(set)
        self._owners: dict[Key, tuple[str, ...]] = {}
        self._uids: dict[str, Key] = {}

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def stamp(self) -> str:
        """The present as an object's fields write it."""
        return timestamp(self.clock.now())

    def get(self, key: Key) -> Object | None:
        """The object, not to be modified, or None."""
        return self.storage.peek(key)

    def all(self, kind: Kind, namespace: str | None = None) -> list[Object]:
        """All objects of a kind (of one namespace), by name, not to be modified."""
        return self.storage.scan(kind.group, kind.resource, namespace)

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

    def is_going(self, namespace: str) -> bool:
        """Whether a namespace is being deleted, so that nothing new may be created in it."""
        found = self.storage.peek(NAMESPACE.key("", namespace))
        return found is not None and is_ending(found)

    def place(self, uid: str) -> Key | None:
        """Where the object with that uid is, or None."""
        return self._uids.get(uid)

    def adopt(self, owner: Object, kind: Kind) -> None:
        """Make `owner` the controller of the objects of a kind that it selects and that have none."""
        selector, namespace = owner["spec"].get("selector"), owner["metadata"].get("namespace")
        for obj in self.all(kind, namespace):
            labels = obj["metadata"].get("labels") or {}
            if controller_of(obj) is None and not is_ending(obj) and selects(selector, labels):
                self.edit(kind.key_of(obj), lambda orphan: _give(orphan, owner))

    def create(self, kind: Kind, obj: Object) -> Object:
        """Store a new object (its metadata complete) and return it.

        Raises: Taken when there is one of that name.
        """
        obj = {"apiVersion": kind.api_version, "kind": kind.name, **obj}
        key = kind.key_of(obj)
        if self.storage.peek(key) is not None:
            raise Taken(f'{kind.resource} "{key.name}" already exists')
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

    def delete(self, key: Key, *, foreground: bool = False) -> None:
        """Ask for the object's end as a client's DELETE does: pods end gracefully, finalizers are waited for.

        With `foreground` the object waits for its dependents' end.
        """
        obj = self.storage.get(key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return
        if foreground and FOREGROUND not in (obj["metadata"].get("finalizers") or ()):
            self.edit(
                key, lambda waiting: waiting["metadata"].setdefault("finalizers", []).append(FOREGROUND)
            )
            obj["metadata"]["finalizers"] = [FOREGROUND]
        grace = _grace(key, obj)
        if grace or obj["metadata"].get("finalizers"):
            self.edit(key, lambda waiting: self._mark_deleted(waiting, grace))
        else:
            self.remove(key)

    def remove(self, key: Key) -> None:
        """Remove the object for good, at once."""
        gone = self.storage.delete(key)
        if gone is not None:
            self._forget(key, gone["metadata"].get("uid", ""))

    def finalize(self, key: Key, finalizer: str) -> None:
        """A finalizer's work is done: take it off; the object goes when it was the last."""

        def take_off(obj: Object) -> None:
            left = [name for name in obj["metadata"].get("finalizers") or () if name != finalizer]
            obj["metadata"]["finalizers"] = left
            if not left:
                del obj["metadata"]["finalizers"]

        obj = self.edit(key, take_off)
        if obj is None or not is_ending(obj) or obj["metadata"].get("finalizers"):
            return
        if not (POD.has(key) and obj["spec"].get("nodeName")):  # the kubelet ends those
            self.remove(key)

    def _mark_deleted(self, obj: Object, grace: int) -> None:
        obj["metadata"]["deletionTimestamp"] = timestamp(self.now + timedelta(seconds=grace))
        obj["metadata"]["deletionGracePeriodSeconds"] = grace

    def fill(self) -> None:
        """Take note of everything that is stored already."""
        for key in tuple(self.storage.keys()):
            obj = self.storage.peek(key)
            if obj is not None:
                self._remember(key, obj)

    def note(self, change: Change) -> None:
        """Follow a change of the storage; what is stored by now counts, not what the change says."""
        obj = self.storage.peek(change.key)
        if obj is None:
            self._forget(change.key, change.object["metadata"].get("uid", ""))
            return
        if change.type == "DELETED":  # deleted and created anew
            self._uids.pop(change.object["metadata"].get("uid", ""), None)
        self._remember(change.key, obj)

    def _remember(self, key: Key, obj: Object) -> None:
        metadata = obj["metadata"]
        self._uids[metadata.get("uid", "")] = key
        owners = tuple(owner["uid"] for owner in metadata.get("ownerReferences") or ())
        if self._owners.get(key, ()) == owners:
            return
        self._disown(key)
        if owners:
            self._owners[key] = owners
        for owner in owners:
            self._dependents[owner].add(key)

    def _forget(self, key: Key, uid: str) -> None:
        self._uids.pop(uid, None)
        self._disown(key)

    def _disown(self, key: Key) -> None:
        for owner in self._owners.pop(key, ()):
            self._dependents[owner].discard(key)
            if not self._dependents[owner]:
                del self._dependents[owner]


def _give(orphan: Object, owner: Object) -> None:
    references = orphan["metadata"].get("ownerReferences") or []
    orphan["metadata"]["ownerReferences"] = [*references, owner_reference(owner)]


def _grace(key: Key, obj: Object) -> int:
    """Seconds until the object may go: only pods that run somewhere get any."""
    if not POD.has(key) or not obj["spec"].get("nodeName"):
        return 0
    if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(obj["spec"].get("terminationGracePeriodSeconds", 30))


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
    status: Object,
    kind: str,
    value: bool,
    reason: str = "",
    message: str = "",
    *,
    stamp: str,
    updated: bool = False,
) -> None:
    """Set one of a status' conditions, at the time `stamp`, which moves only when the value does.

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
    if not status["conditions"]:
        del status["conditions"]
