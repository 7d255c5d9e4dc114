"""Events: what the controllers tell about objects, as core/v1 Events, repeated ones counted up.

Kubernetes forgets Events after an hour; so does this, whenever the next one is written.
"""

import uuid
from datetime import datetime, timedelta

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import EVENT
from bot.sandbox.kubernetes.metadata import new_metadata, timestamp
from bot.sandbox.kubernetes.storage import Key, Object

LIFETIME = timedelta(hours=1)
"""How long an Event is kept after it last happened; the API server's default `--event-ttl`."""

_Identity = tuple[str, str, str, str, str]


class Recorder:
    """Writes Events for the controllers."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[_Identity, tuple[Key, datetime]] = {}

    def normal(
        self, about: Object, component: str, reason: str, message: str, *, host: str = "", field: str = ""
    ) -> None:
        """Something happened as it should; `field` is the part concerned, as `spec.containers{app}`."""
        self._record(about, component, reason, message, kind="Normal", host=host, field=field)

    def warning(
        self, about: Object, component: str, reason: str, message: str, *, host: str = "", field: str = ""
    ) -> None:
        """Something went wrong."""
        self._record(about, component, reason, message, kind="Warning", host=host, field=field)

    def _record(
        self, about: Object, component: str, reason: str, message: str, *, kind: str, host: str, field: str
    ) -> None:
        if self._cluster.is_going(about["metadata"].get("namespace", "")):
            return  # nothing new may come into a namespace that is being deleted
        now = self._cluster.now
        self._expire(now)
        identity = (about["metadata"]["uid"], component, reason, message, field)
        known = self._known.pop(identity, None)
        if known is not None and self._repeat(known[0], now):
            self._known[identity] = (known[0], now)
            return
        event = self._event(about, component, kind, now)
        event |= {"reason": reason, "message": message}
        if field:
            event["involvedObject"]["fieldPath"] = field
        if host:
            event["source"]["host"] = event["reportingInstance"] = host
        self._known[identity] = (EVENT.key_of(self._cluster.create(EVENT, event)), now)

    def _repeat(self, key: Key, now: datetime) -> bool:
        def count(event: Object) -> None:
            event["count"] = event.get("count", 1) + 1
            event["lastTimestamp"] = timestamp(now)

        return self._cluster.edit(key, count) is not None

    def _event(self, about: Object, component: str, kind: str, now: datetime) -> Object:
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        return {
            "metadata": new_metadata(f"{metadata['name']}.{uuid.uuid4().hex[:16]}", namespace, at=now),
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": metadata.get("namespace", ""),
                "uid": metadata["uid"],
                "resourceVersion": metadata.get("resourceVersion", ""),
            },
            "type": kind,
            "count": 1,
            "firstTimestamp": timestamp(now),
            "lastTimestamp": timestamp(now),
            "eventTime": None,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
        }

    def _expire(self, now: datetime) -> None:
        while self._known:
            identity, (key, last) = next(iter(self._known.items()))
            if now - last < LIFETIME:
                return
            del self._known[identity]
            self._cluster.remove(key)
