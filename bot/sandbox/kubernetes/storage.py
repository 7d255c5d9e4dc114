"""The embedded cluster's state: objects in memory, a resource version, and whoever watches.

It plays etcd's part: every change gets the next resource version and is told to the watchers in order.
Reads return copies, so that nobody changes what is stored but through `put` and `delete`. It knows
nothing of HTTP, schemas or controllers.
"""

import asyncio
import builtins
import pickle
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Object = dict[str, Any]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

HISTORY = 2000
"""How many past changes a watch may start from; older resource versions answer 410 Gone, as etcd's
compaction makes a real API server do."""


def copied(value: Object) -> Object:
    """A deep copy; pickling is several times faster than `copy.deepcopy` for plain data."""
    found: Object = pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))  # noqa: S301 (our own data)
    return found


class Key(NamedTuple):
    """Where an object lives. `resource` is the plural in lower case; `namespace` is "" for cluster scope."""

    group: str
    resource: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Change:
    """One change of one object: the object as it was after it (before it, for DELETED)."""

    type: ChangeType
    key: Key
    object: Object
    version: int
    previous: Object | None = None


class VersionGone(Exception):
    """The watch asks for a resource version that is no longer kept."""


class VersionConflict(Exception):
    """The object changed since the caller read it (optimistic locking failed)."""


class Storage:
    """All objects of one cluster."""

    def __init__(self) -> None:
        self.version = 1
        self._objects: dict[Key, Object] = {}
        self._index: dict[tuple[str, str], dict[Key, Object]] = {}
        self._changes: deque[Change] = deque(maxlen=HISTORY)
        self._watchers: set[asyncio.Queue[Change]] = set()

    def get(self, key: Key) -> Object | None:
        """A copy of the object, or None."""
        found = self._objects.get(key)
        return copied(found) if found is not None else None

    def peek(self, key: Key) -> Object | None:
        """The stored object itself, or None: for reading only."""
        return self._objects.get(key)

    def list(self, group: str, resource: str, namespace: str | None = None) -> list[Object]:
        """Copies of all objects of a resource, ordered by namespace and name; None means all namespaces."""
        return [copied(found) for found in self.scan(group, resource, namespace)]

    def scan(self, group: str, resource: str, namespace: str | None = None) -> builtins.list[Object]:
        """What `list` gives, but the stored objects themselves: for reading only, and a hundred times faster."""
        index = self._index.get((group, resource), {})
        keys = sorted(key for key in index if namespace in (None, key.namespace))
        return [index[key] for key in keys]

    def keys(self) -> builtins.list[Key]:
        """Every key that exists now."""
        return [*self._objects]

    def put(self, key: Key, value: Object, *, expected_version: str | None = None) -> Object:
        """Store `value` whole, created or replaced, and return the copy with its new resourceVersion.

        Nothing is stored and no version spent when the object would not change.
        Raises: VersionConflict when `expected_version` is given and is not the stored one.
        """
        before = self._objects.get(key)
        current = str(before["metadata"].get("resourceVersion")) if before is not None else None
        if expected_version is not None and expected_version != current:
            raise VersionConflict(f"{key.resource} {key.name} is at version {current}")
        after = copied(value)
        after.setdefault("metadata", {})["resourceVersion"] = current
        if before is not None and after == before:
            return copied(before)
        self.version += 1
        after["metadata"]["resourceVersion"] = str(self.version)
        self._objects[key] = after
        self._index.setdefault((key.group, key.resource), {})[key] = after
        self._tell(Change("MODIFIED" if before is not None else "ADDED", key, after, self.version, before))
        return copied(after)

    def delete(self, key: Key) -> Object | None:
        """Remove the object for good and return it as it was, or None when it is not there."""
        before = self._objects.pop(key, None)
        if before is None:
            return None
        del self._index[key.group, key.resource][key]
        self.version += 1
        last = copied(before)
        last["metadata"]["resourceVersion"] = str(self.version)
        self._tell(Change("DELETED", key, last, self.version, before))
        return copied(last)

    def _tell(self, change: Change) -> None:
        self._changes.append(change)
        for queue in self._watchers:
            queue.put_nowait(change)

    def forget(self) -> None:
        """Keep none of the changes so far: no watch starts from before now."""
        self._changes.clear()

    @contextmanager
    def changes(self, since: int | None = None) -> Iterator[AsyncIterator[Change]]:
        """Watch every change after version `since` (from now on, when None), in order.

        The iterator never ends by itself; leaving the block ends the watch. The changes' objects are
        shared: do not modify them.
        Raises: VersionGone when `since` is older than what is kept.
        """
        queue: asyncio.Queue[Change] = asyncio.Queue()
        if since is not None:
            oldest = self._changes[0].version if self._changes else self.version + 1
            if since + 1 < oldest and since < self.version:
                raise VersionGone(f"{since} ({oldest - 1})")
            for change in self._changes:
                if change.version > since:
                    queue.put_nowait(change)
        self._watchers.add(queue)
        try:
            yield _drain(queue)
        finally:
            self._watchers.discard(queue)


async def _drain(queue: asyncio.Queue[Change]) -> AsyncIterator[Change]:
    while True:
        yield await queue.get()
