"""From two manifests to what a plan shows: summary, notes, diff. Pure, and heavy enough to run in a thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.planning import summary
from bot.planning.differences import ObjectChange, compare, count_lines, unified
from bot.planning.manifests import Manifest, Object
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
    before, after = _masked(old, mask), _masked(new, mask)
    changes = compare(before, after)
    unstable = _unstable(after, _masked(again, mask)) if again is not None else {}
    stable = [change for change in changes if not _is_only(change, unstable)]
    lines = summary.summarise(stable) + summary.hook_lines(hooks, upgrade=bool(old))
    diff = unified(changes)
    added, removed = count_lines(diff)
    notes = tuple(
        f"{key} is random at every render: {', '.join(sorted(paths))}" for key, paths in unstable.items()
    )
    return Comparison(tuple(lines), notes, diff, added, removed, unchanged=not stable and bool(old))


def _masked(manifests: Sequence[Manifest], mask: Mask) -> list[Manifest]:
    return [replace(manifest, object=mask(manifest.object)) for manifest in manifests]


def _unstable(first: Sequence[Manifest], second: Sequence[Manifest]) -> dict[Any, set[str]]:
    return {change.key: {str(field) for field in change.fields} for change in compare(first, second)}


def _is_only(change: ObjectChange, unstable: dict[Any, set[str]]) -> bool:
    """Whether all that changes in an object is random anyway."""
    paths = unstable.get(change.key, set())
    return bool(change.fields) and all(str(field) in paths for field in change.fields)
