"""What is known of a namespace: its raw API objects, indexed as rollouts look at them. Pure.

Filled from watches or from lists; what the objects mean is left to `workloads` and the causes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from bot.rollout.verdicts import index_of

Raw: TypeAlias = dict[str, Any]

TELLING = ("Killing", "FailedBinding", "WaitForFirstConsumer")
"""Reasons of events that say something although their type is Normal; the other normal ones are by far the most."""

_NUMBER = re.compile(r"[0-9]{1,20}")
"""As many digits as 64 bits have: Python refuses to read thousands of them."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Picture:
    """Objects by kind and name, pods and ReplicaSets also by their owner, events by whom they are about."""

    def __init__(self, since: datetime | None = None) -> None:
        self.since = since.replace(microsecond=0) if since else None
        """Events from before do not count; timestamps of Kubernetes have whole seconds."""
        self._before: dict[str, int] | None = None
        self._objects: dict[str, dict[str, Raw]] = defaultdict(dict)
        self._owned: dict[tuple[str, str], dict[str, Raw]] = defaultdict(dict)
        self._events: dict[tuple[str, str], dict[str, Raw]] = defaultdict(dict)

    def begin(self) -> None:
        """The operation starts now: what is known so far was there before it."""
        every = [*self._objects.values(), *self._events.values()]
        self._before = {
            it["metadata"].get("uid", ""): _version(it) for items in every for it in items.values()
        }

    def is_old(self, item: Raw) -> bool:
        """Whether an object was made (an event: last seen) before the operation.

        The cluster's clock and ours may differ, so what was not there at the beginning is new whatever its
        age says; after a restart of the bot the beginning comes too late, so its age has a say, too.
        """
        if self.since is None:
            return False
        event = item["kind"] == "Event"
        at = event_time(item) if event else time_of(item["metadata"].get("creationTimestamp"))
        if at >= self.since or self._before is None:
            return at < self.since
        known = self._before.get(item["metadata"].get("uid", ""))
        return known is not None and (not event or known == _version(item))

    def put(self, item: Raw) -> None:
        """Add or replace an object, unless a later state of it is known."""
        kind, name = _kind(item), item["metadata"]["name"]
        item["metadata"].pop("managedFields", None)
        if kind == "Event":
            if item.get("type") != "Normal" or item.get("reason") in TELLING:
                self._events[_about(item)][name] = item
            return
        known = self._objects[kind].get(name)
        if known is not None:
            if _same(known, item) and _version(item) < _version(known):
                return
            self.remove(known)
        self._objects[kind][name] = item
        for owner in item["metadata"].get("ownerReferences") or ():
            self._owned[owner["uid"], kind][name] = item

    def remove(self, item: Raw) -> None:
        """Forget an object that is gone."""
        kind, name = _kind(item), item["metadata"]["name"]
        if kind == "Event":
            # Events expire; what they told is still true for as long as the operation runs.
            return
        known = self._objects[kind].get(name)
        if known is None or not _same(known, item):
            return
        del self._objects[kind][name]
        for owner in known["metadata"].get("ownerReferences") or ():
            self._owned[owner["uid"], kind].pop(name, None)

    def get(self, kind: str, name: str) -> Raw | None:
        """An object, None when there is none."""
        return self._objects[kind].get(name)

    def all(self, kind: str) -> Iterable[Raw]:
        """All objects of a kind."""
        return self._objects[kind].values()

    def owned(self, owner: Raw, kind: str) -> list[Raw]:
        """The objects of a kind that `owner` owns, by name."""
        owned = self._owned.get((owner["metadata"].get("uid", ""), kind), {})
        return [owned[name] for name in sorted(owned)]

    def events(self, item: Raw) -> list[Raw]:
        """What happened to this very object, oldest first, nothing from before the operation."""
        uid = item["metadata"].get("uid")
        about = self._events.get((item["kind"], item["metadata"]["name"]), {}).values()
        fitting = [
            event
            for event in about
            if (event.get("involvedObject") or {}).get("uid") in (None, "", uid) and not self.is_old(event)
        ]
        return sorted(fitting, key=event_time)


def event_time(event: Raw) -> datetime:
    """When an event was seen last."""
    series = event.get("series") or {}
    return time_of(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event.get("firstTimestamp")
        or event["metadata"].get("creationTimestamp")
    )


def time_of(text: str | None) -> datetime:
    """An API time; long ago where there is none."""
    if not text:
        return _BEGINNING + timedelta(days=1)
    return datetime.fromisoformat(text)


def _about(event: Raw) -> tuple[str, str]:
    about = event.get("involvedObject") or event.get("regarding") or {}
    return about.get("kind", ""), about.get("name", "")


def _kind(item: Raw) -> str:
    return index_of(str(item.get("apiVersion") or ""), item["kind"])


def _same(one: Raw, other: Raw) -> bool:
    return bool(one["metadata"].get("uid") == other["metadata"].get("uid"))


def _version(item: Raw) -> int:
    """resourceVersions of one kind compare as numbers (guaranteed since Kubernetes 1.35, true before)."""
    return number_in(item["metadata"].get("resourceVersion"))


def number_in(text: Any) -> int:
    """A number that is written as text, by the cluster or by anybody; 0 for any other text."""
    return int(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else 0
