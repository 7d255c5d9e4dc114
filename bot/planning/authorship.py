"""Who wrote which field of an object, as the API server remembers it in `metadata.managedFields`. Pure.

A field's place is walked to as `managedFields` is written (FieldsV1): `f:spec`, the item of a keyed list as
`k:{"name":"web"}`, the member of a set as `v:"x"`. That also tells which lists are keyed, and by what, for kinds of
which nobody here knows the schema. Source: Kubernetes' "Server-Side Apply" reference and structured-merge-diff.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from bot.planning.foreign import HANDS
from bot.planning.manifests import Object
from bot.planning.scaling import by_autoscaler
from bot.planning.sending import MANAGER

RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
"""Annotations that Helm puts on everything that it installs: whoever wrote them is Helm, by whatever name."""

KEY_DEFAULTS: Mapping[str, Any] = {"protocol": "TCP"}
"""Keys of list items that a manifest may leave out, and what they then are."""

_ITSELF = "."
"""Marks a place in the set itself, beside what is below it."""


@dataclass(frozen=True)
class Writer:
    """One entry of managedFields."""

    name: str
    at: datetime | None
    """When it last wrote; None where the entry does not say."""
    applies: bool
    """Whether it applies on the server's side, where fields of others are conflicts; else it just writes."""
    subresource: str
    is_release: bool
    """Whether it is what makes the release, Helm in most cases."""
    made_it: bool = False
    """Whether it made the object and has not written since: such a one owns what the server filled in then, too."""

    @property
    def is_hand(self) -> bool:
        """Whether a person or a tool of theirs writes by that name, and no controller of the cluster's own."""
        return not self.is_release and self.name.startswith(HANDS)

    @property
    def is_autoscaler(self) -> bool:
        """Whether it sets replicas by what it measures; `kubectl scale` is a hand."""
        return by_autoscaler(self.name, self.subresource)


@dataclass(frozen=True)
class Owners:
    """The writers of one place in an object, each with what it owns below."""

    below: tuple[tuple[Writer, Mapping[str, Any]], ...]

    @classmethod
    def of(cls, item: Object) -> Owners:
        """At the root of an object; of its status nobody is told."""
        metadata = item.get("metadata") or {}
        entries = [
            (_writer(entry), entry.get("fieldsV1") or {})
            for entry in metadata.get("managedFields") or ()
            if entry.get("manager") and entry.get("subresource") != "status"
        ]
        made = _moment(metadata.get("creationTimestamp"))
        if not any(writer.is_release and writer.at == made for writer, _ in entries):
            entries = [
                (replace(each, made_it=each.at == made and not each.applies), it) for each, it in entries
            ]
        return cls(tuple(entries))

    def field(self, name: str) -> Owners:
        """At a field of this place."""
        return self._step(lambda element: element == f"f:{name}")

    def item(self, item: Mapping[str, Any]) -> Owners:
        """At an item of this keyed list."""
        return self._step(lambda element: element[:2] == "k:" and _is_key_of(element[2:], item))

    def member(self, value: Any) -> Owners:
        """At a member of this set."""
        return self._step(lambda element: element[:2] == "v:" and json.loads(element[2:]) == value)

    @property
    def writers(self) -> tuple[Writer, ...]:
        """All of them, the newest first."""
        found = dict.fromkeys(writer for writer, _ in self.below)
        return tuple(
            sorted(found, key=lambda writer: writer.at or datetime.min.replace(tzinfo=UTC), reverse=True)
        )

    @property
    def others(self) -> tuple[Writer, ...]:
        """Those that do not make the release, the newest first."""
        return tuple(writer for writer in self.writers if not writer.is_release)

    @property
    def hands(self) -> tuple[Writer, ...]:
        """Those that are people or tools of theirs and came after the object was made, the newest first."""
        return tuple(writer for writer in self.writers if writer.is_hand and not writer.made_it)

    @property
    def itself(self) -> bool:
        """Whether a hand owns the place itself, and not just something below it."""
        return any(writer.is_hand and (not node or _ITSELF in node) for writer, node in self.below)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """By what the items of this keyed list are told apart; () where it is no such list, or nobody knows."""
        keyed = next((element for element in self._elements() if element.startswith("k:")), None)
        return tuple(json.loads(keyed[2:])) if keyed is not None else ()

    @cached_property
    def is_set(self) -> bool:
        """Whether this is a list whose members stand for themselves."""
        return any(element.startswith("v:") for element in self._elements())

    @cached_property
    def is_parted(self) -> bool:
        """Whether what is below is owned part by part; else whoever has the place has all of it."""
        return next(self._elements(), None) is not None

    def _elements(self) -> Iterator[str]:
        return (element for _, node in self.below for element in node if element != _ITSELF)

    def _step(self, matches: Callable[[str], bool]) -> Owners:
        found = []
        for writer, node in self.below:
            inner = next(
                (each for element, each in node.items() if element != _ITSELF and matches(element)), None
            )
            if inner is not None:
                found.append((writer, inner))
            elif not node and not self.is_parted:
                found.append((writer, node))
        return Owners(tuple(found))


def _writer(entry: Mapping[str, Any]) -> Writer:
    name, fields = str(entry["manager"]), entry.get("fieldsV1") or {}
    annotations = (fields.get("f:metadata") or {}).get("f:annotations") or {}
    installs = f"f:{RELEASE_NAME}" in annotations and not name.startswith("kubectl")
    return Writer(
        name=name,
        at=_moment(entry.get("time")),
        applies=entry.get("operation") == "Apply",
        subresource=str(entry.get("subresource") or ""),
        is_release=name == MANAGER or installs,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _is_key_of(text: str, item: Mapping[str, Any]) -> bool:
    return all(item.get(key, KEY_DEFAULTS.get(key)) == value for key, value in json.loads(text).items())
