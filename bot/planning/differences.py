"""What differs between two sets of objects, field by field; saying it is left to bot.planning.summary."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from bot.planning.documents import scalar
from bot.planning.manifests import Manifest, Object, ObjectKey

MERGE_KEYS = ("name", "containerPort", "port", "mountPath", "ip", "key")
"""By which of these, the first that all items have, two lists are matched (Kubernetes' patch merge keys)."""

PORT_KEYS = ("containerPort", "port")

MISSING = object()
"""Stands for a field that one side does not have; null is a value."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class FieldChange:
    """One field: `old` or `new` is `MISSING` where that side lacks it."""

    path: Path
    old: Any
    new: Any

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class ObjectChange:
    """One object that was added (no `old`), removed (no `new`) or changed."""

    key: ObjectKey
    old: Object | None
    new: Object | None
    fields: tuple[FieldChange, ...] = ()


def compare(old: Sequence[Manifest], new: Sequence[Manifest]) -> list[ObjectChange]:
    """The objects that differ: first changed and added ones in the order of `new`, then removed ones."""
    before = {manifest.key: manifest.object for manifest in old}
    after = {manifest.key: manifest.object for manifest in new}
    changes = []
    for key, item in after.items():
        if key not in before:
            changes.append(ObjectChange(key, None, item))
        elif before[key] is item:  # rendered twice to the same text, it was read once
            continue
        elif fields := tuple(field_changes(before[key], item)):
            changes.append(ObjectChange(key, before[key], item, fields))
    changes += [ObjectChange(key, item, None) for key, item in before.items() if key not in after]
    return changes


def field_changes(old: Any, new: Any, path: Path = ()) -> Iterator[FieldChange]:
    """Walk both values together and yield where they differ, as deep as possible."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from field_changes(old.get(name, MISSING), new.get(name, MISSING), (*path, str(name)))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(old, new, path)
    elif type(old) is not type(new) or old != new:
        yield FieldChange(path, old, new)


def _list_changes(old: list[Any], new: list[Any], path: Path) -> Iterator[FieldChange]:
    key = merge_key([*old, *new])
    if key is None:
        if old != new:
            yield FieldChange(path, old, new)
        return
    if key in PORT_KEYS and len(old) == len(new) == 1:  # the one port has another number: it is the same port
        yield from field_changes(old[0], new[0], (*path, child_by(key, old[0])))
        return
    before, after = _by(key, old), _by(key, new)
    if before is None or after is None:
        if old != new:
            yield FieldChange(path, old, new)
        return
    yield from field_changes(before, after, path)


def merge_key(items: Sequence[Any]) -> str | None:
    """By which key the items of lists are matched; None where they have none in common."""
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    return next((key for key in MERGE_KEYS if all(key in item for item in items)), None)


def child_by(key: str, item: Mapping[str, Any]) -> str:
    """What stands in a path for an item of a list."""
    return str(item[key])


def _by(key: str, items: list[Any]) -> dict[str, Any] | None:
    """The items by their merge key; None when two share it."""
    found = {child_by(key, item): item for item in items}
    return found if len(found) == len(items) else None


def unified(changes: Sequence[ObjectChange]) -> str:
    """The changes as one unified diff of YAML, an object after the other.

    Pass objects that are masked already: nothing is hidden here.
    """
    return "".join(_unified(change) for change in changes)


def _unified(change: ObjectChange) -> str:
    lines = difflib.unified_diff(
        _lines(change.old), _lines(change.new), f"live/{change.key}", f"plan/{change.key}"
    )
    return "".join(lines)


def _lines(item: Mapping[str, Any] | None) -> list[str]:
    if item is None:
        return []
    return to_yaml(item).splitlines(keepends=True)


class _Dumper(yaml.CSafeDumper):
    """Texts of several lines as blocks, which is how people wrote them; no anchors, which charts never have."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _is_misread(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


@lru_cache(maxsize=4096)
def _is_misread(text: str) -> bool:
    """Whether the text would be something else without quotes: more than PyYAML thinks of, such as `y` or `1e3`."""
    try:
        return bool(scalar(text) != text)
    except ValueError:
        return True


_Dumper.add_representer(str, _represent_text)


def to_yaml(item: Any) -> str:
    """The value as YAML that people read."""
    return str(yaml.dump(item, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def count_lines(diff: str) -> tuple[int, int]:
    """How many lines a unified diff adds and removes."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
