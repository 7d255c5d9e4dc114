"""The changes in words: a few lines that say what a person would look for in the diff.

Derived from the objects alone, so it is right for any chart, custom resources included. A line is a plain
sentence with a weight, short enough for a phone where names allow it; layout is left to bot.texts, and what one
field says to bot.planning.wording.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.planning import losing, wording
from bot.planning.differences import FieldChange, ObjectChange
from bot.planning.image_moves import image_moves
from bot.planning.immutable import HOLDS_DATA, cannot_change
from bot.planning.manifests import Manifest, pod_template

Weight = Literal["change", "warning"]

DATA = ("data", "binaryData", "stringData")
"""Where ConfigMaps and Secrets have their keys."""

RUNS = ("Job", "Pod")
"""Kinds of hooks that run; others, such as a ConfigMap for them, are not worth a line."""


@dataclass(frozen=True)
class Line:
    """One line of a plan's summary."""

    text: str
    weight: Weight = "change"


def summarise(changes: Sequence[ObjectChange]) -> list[Line]:
    """All lines, warnings after changes; images first, since they are asked for most."""
    lines = [Line(text) for text in image_moves(changes)]
    for change in changes:
        if change.old is not None and change.new is not None:
            lines += _changed(change)
    lines += _counted("added", [change for change in changes if change.old is None])
    lines += _removed([change for change in changes if change.new is None])
    lines += [line for change in changes for line in _immutable(change)]
    if changes and not lines:
        lines = [Line("only labels and annotations")]
    unique = list(dict.fromkeys(lines))
    return [line for line in unique if line.weight == "change"] + [
        line for line in unique if line.weight == "warning"
    ]


def hook_lines(hooks: Iterable[Manifest], upgrade: bool) -> list[Line]:
    """What runs before and after the change itself."""
    before, after = ("pre-upgrade", "post-upgrade") if upgrade else ("pre-install", "post-install")
    lines = []
    for hook in hooks:
        if hook.key.kind not in RUNS:
            continue
        if before in hook.hook_events:
            lines.append(Line(f"{hook.key} runs first"))
        if after in hook.hook_events:
            lines.append(Line(f"{hook.key} runs afterwards"))
    return lines


def _changed(change: ObjectChange) -> Iterator[Line]:
    told = [field for field in change.fields if not wording.is_noise(field)]
    rest: list[FieldChange] = []
    for field in told:
        text = wording.warning(change, field)
        if text is not None:
            yield Line(text, "warning")
        else:
            rest.append(field)
    if change.key.kind in ("ConfigMap", "Secret"):
        yield from _keys(change, rest)
        rest = [field for field in rest if field.path[0] not in DATA]
    if change.new is not None and pod_template(change.new) is not None:
        yield from _workload(change, rest, restarts=not told)
    else:
        yield from _fields(str(change.key), rest)


def _keys(change: ObjectChange, fields: Sequence[FieldChange]) -> Iterator[Line]:
    keys: set[str] = set()
    for field in fields:
        if field.path[0] in DATA:
            sides = [side for side in (field.old, field.new) if isinstance(side, dict)]
            keys.update(field.path[1:2] or [key for side in sides for key in side])
    if keys:
        yield Line(f"{change.key}: {wording.number(len(keys), 'key')}")


def _workload(change: ObjectChange, fields: Sequence[FieldChange], *, restarts: bool) -> Iterator[Line]:
    """Replicas, resources, variables and containers have words of their own; people know a workload by its name."""
    name = change.key.name
    variables: set[str] = set()
    rest = []
    for field in fields:
        if (variable := wording.variable(field)) is not None:
            variables.add(variable)
        elif (text := wording.of_workload(field)) is not None:
            yield Line(f"{name}: {text}")
        elif not wording.is_image(field):
            rest.append(field)
    if len(variables) == 1:
        yield Line(f"{name}: variable {variables.pop()}")
    elif variables:
        yield Line(f"{name}: {len(variables)} variables")
    yield from _fields(name, rest)
    if restarts and any(field.path[:2] == ("spec", "template") for field in change.fields):
        yield Line(f"{name} restarts")


def _fields(name: str, fields: Sequence[FieldChange]) -> Iterator[Line]:
    """One or two plain values are shown, more are counted."""
    texts = [wording.of_field(field) for field in fields]
    if len(texts) <= 2 and all(texts):
        yield from (Line(f"{name}: {text}") for text in texts)
    else:
        yield Line(f"{name}: {wording.number(len(texts), 'field')}")


def _counted(verb: str, changes: Sequence[ObjectChange]) -> Iterator[Line]:
    by_kind: dict[str, list[str]] = {}
    for change in changes:
        by_kind.setdefault(change.key.kind, []).append(change.key.name)
    for kind, names in by_kind.items():
        if len(names) <= 2:
            yield from (Line(f"{kind} {name} {verb}") for name in names)
        else:
            yield Line(f"{wording.number(len(names), kind)} {verb}")


def _removed(changes: Sequence[ObjectChange]) -> Iterator[Line]:
    goes = [change for change in changes if not losing.is_kept(change.old or {})]
    yield from _counted("removed", [change for change in goes if change.key.kind not in HOLDS_DATA])
    for change in goes:
        if change.key.kind in HOLDS_DATA:
            yield Line(losing.told(change.key, change.old or {}), "warning")
    for change in changes:
        if losing.is_kept(change.old or {}):
            yield Line(f"{change.key} leaves the release but stays")


def _immutable(change: ObjectChange) -> Iterator[Line]:
    paths = {".".join(field.path[:2]).removeprefix("spec.") for field in cannot_change(change)}
    for path in sorted(paths):
        yield Line(f"{change.key}: {path} can't change in place", "warning")
