"""The storage that the played kubelet works on: an API server's objects, and what is to be written back.

What the server says comes in by `absorb` and `lose`. What a controller puts is seen by the others at once and
told to `changed`, who sends it; the server's word about the same object then takes its place, and the
controllers look again. So nothing is merged here: a kubelet's status follows from what it knows itself.
"""

from collections.abc import Callable, Collection

from bot.sandbox.kubernetes.controllers.kinds import CONFIG_MAP, EVENT, POD, SECRET, Kind
from bot.sandbox.kubernetes.storage import Key, Object, Storage


class Mirror(Storage):
    """Objects of an API server."""

    def __init__(self, nodes: Collection[str], changed: Callable[[Key], None]) -> None:
        """`nodes` are those whose pods are seen; `changed` is told what to write back."""
        super().__init__()
        self._nodes = nodes
        self._changed = changed
        self._truth: dict[Key, Object] = {}
        self.ended: set[Key] = set()
        """What a controller wants to be gone, and is not yet."""

    def truth(self, key: Key) -> Object | None:
        """The object as the server has it, for reading only; None where it has none."""
        return self._truth.get(key)

    def put(self, key: Key, value: Object, *, expected_version: str | None = None) -> Object:
        """Store what a controller wants, and have it written back."""
        before = self.version
        stored = super().put(key, value, expected_version=expected_version)
        if self.version != before:
            self._changed(key)
        return stored

    def delete(self, key: Key) -> Object | None:
        """Have the object removed; it is there until the server says that it is gone."""
        if EVENT.has(key):  # which the server forgets by itself
            self._changed(key)
            return super().delete(key)
        if key in self._truth:
            self.ended.add(key)
            self._changed(key)
        return None

    def absorb(self, key: Key, obj: Object, *, known_only: bool = False) -> None:
        """Take the server's word about an object, unless a later one is known.

        `known_only` is for answers to writes, which may come after the object's end.
        """
        if POD.has(key) and obj["spec"].get("nodeName") not in self._nodes:
            return
        truth, stored = self._truth.get(key), self.peek(key)
        if truth is not None and _uid(truth) == _uid(obj) and _version(obj) < _version(truth):
            return
        if known_only and (truth is None or _uid(truth) != _uid(obj)):
            return
        if stored is not None and _uid(stored) != _uid(obj):
            self.lose(key)  # another one of the same name
        self._truth[key] = obj
        super().put(key, obj)

    def lose(self, key: Key) -> None:
        """The server says that the object is gone."""
        self._truth.pop(key, None)
        self.ended.discard(key)
        super().delete(key)


def slim(kind: Kind, obj: Object) -> Object:
    """The object without what nobody here reads, and without any secret."""
    obj |= {"apiVersion": kind.api_version, "kind": kind.name}
    obj["metadata"].pop("managedFields", None)
    if kind in (SECRET, CONFIG_MAP):
        obj["metadata"].pop("annotations", None)
        for field in ("data", "binaryData"):
            if field in obj:
                obj[field] = dict.fromkeys(obj[field] or {}, "")
    return obj


def _version(obj: Object) -> int:
    """What the server counts up; comparable since Kubernetes 1.35 says so (KEP-5504), and with etcd always."""
    return int(obj["metadata"]["resourceVersion"])


def _uid(obj: Object) -> str:
    return str(obj["metadata"].get("uid", ""))
