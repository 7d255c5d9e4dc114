"""From two manifests to what a plan shows: summary, notes, diff. Pure, and heavy enough to run in a thread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.masking import HIDDEN
from bot.planning import summary
from bot.planning.differences import (
    MISSING,
    FieldChange,
    ObjectChange,
    Path,
    compare,
    count_lines,
    field_changes,
    unified,
)
from bot.planning.manifests import Manifest, Object, ObjectKey
from bot.planning.summary import Line

Mask = Callable[[Object], Object]


@dataclass(frozen=True)
class Comparison:
    """What differs, with everything secret masked."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    diff: str
    added: int
    removed: int
    unchanged: bool


def compared(
    old: Sequence[Manifest],
    new: Sequence[Manifest],
    *,
    mask: Mask,
    hooks: Sequence[Manifest] = (),
    again: Sequence[Manifest] | None = None,
) -> Comparison:
    """Compare the objects that are deployed with those that will be.

    `hooks` are what runs with the change. `again` is a second rendering of `new`: what differs between the two is
    random, is said as such, and makes no change of its own.
    """
    # Compared as they are, shown as masked: a value that is hidden on both sides may have changed all the same.
    changes = [_shown(change, mask) for change in compare(old, new)]
    unstable = _unstable(new, again) if again is not None else {}
    stable = [each for change in changes if (each := _without(change, unstable)) is not None]
    lines = summary.summarise(stable) + summary.hook_lines(hooks, upgrade=bool(old))
    diff = unified(changes)
    added, removed = count_lines(diff)
    return Comparison(
        lines=tuple(dict.fromkeys(lines)),
        notes=tuple(_note(key, paths) for key, paths in unstable.items()),
        diff=diff,
        added=added,
        removed=removed,
        unchanged=not stable and bool(old),
    )


def _shown(change: ObjectChange, mask: Mask) -> ObjectChange:
    """The change with everything secret masked, its fields included."""
    old = mask(change.old) if change.old is not None else None
    new = mask(change.new) if change.new is not None else None
    if old is None or new is None:
        return ObjectChange(change.key, old, new)
    seen = {field.path: field for field in field_changes(old, new)}
    fields = tuple(seen.get(field.path) or _hidden(field) for field in change.fields)
    return ObjectChange(change.key, old, new, fields)


def _hidden(field: FieldChange) -> FieldChange:
    """A field whose two values look alike once they are masked."""
    old, new = (MISSING if side is MISSING else HIDDEN for side in (field.old, field.new))
    return FieldChange(field.path, old, new)


def _unstable(first: Sequence[Manifest], second: Sequence[Manifest]) -> dict[ObjectKey, frozenset[Path]]:
    """What is random: by object the fields that differ between two renderings; no fields for a random name."""
    return {
        change.key: frozenset(field.path for field in change.fields)
        for change in compare(second, first)
        if change.new is not None
    }


def _without(change: ObjectChange, unstable: Mapping[ObjectKey, frozenset[Path]]) -> ObjectChange | None:
    """The change without what is random anyway; None when nothing else changes."""
    random = unstable.get(change.key)
    if not random or not change.fields:
        return change
    fields = tuple(field for field in change.fields if field.path not in random)
    return replace(change, fields=fields) if fields else None


def _note(key: ObjectKey, paths: frozenset[Path]) -> str:
    if not paths:
        return f"{key} has a random name"
    if any(path[:2] == ("spec", "template") for path in paths):
        return f"{key} restarts at every deploy: its chart makes random values"
    return f"{key}: {', '.join(sorted('.'.join(path[-2:]) for path in paths))} random at every render"
