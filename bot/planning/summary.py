"""The changes in words: a few lines that say what a person would look for in the diff.

Derived from the objects alone, so it is right for any chart, custom resources included. A line is a plain
sentence with a weight; layout is left to bot.texts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.planning.differences import MISSING, FieldChange, ObjectChange
from bot.planning.immutable import HOLDS_DATA, cannot_change
from bot.planning.manifests import Manifest, images, pod_template

Weight = Literal["change", "warning"]

NOISE = (
    "metadata.labels.helm.sh/chart",
    "metadata.labels.app.kubernetes.io/version",
    "metadata.labels.app.kubernetes.io/managed-by",
    "metadata.annotations.checksum/",
    "metadata.annotations.meta.helm.sh/",
)
"""Fields that follow from other changes: they restart pods, but tell a person nothing of their own."""


@dataclass(frozen=True)
class Line:
    """One line of a plan's summary."""

    text: str
    weight: Weight = "change"


def summarise(changes: Sequence[ObjectChange]) -> list[Line]:
    """All lines, warnings after changes; images and replicas first, since they are asked for most."""
    lines: list[Line] = []
    lines += _image_lines(changes)
    for change in changes:
        if change.old is not None and change.new is not None:
            lines += _changed(change)
    lines += _counted("added", [change for change in changes if change.old is None])
    lines += _removed([change for change in changes if change.new is None])
    lines += [line for change in changes for line in _immutable(change)]
    unique = list(dict.fromkeys(lines))
    return [line for line in unique if line.weight == "change"] + [
        line for line in unique if line.weight == "warning"
    ]


def hook_lines(hooks: Iterable[Manifest], upgrade: bool) -> list[Line]:
    """What runs before and after the change itself."""
    before, after = ("pre-upgrade", "post-upgrade") if upgrade else ("pre-install", "post-install")
    lines = []
    for hook in hooks:
        if before in hook.hook_events:
            lines.append(Line(f"{hook.key} runs first"))
        if after in hook.hook_events:
            lines.append(Line(f"{hook.key} runs afterwards"))
    return lines


def _image_lines(changes: Sequence[ObjectChange]) -> Iterator[Line]:
    """One line for every image that moves, however many containers use it."""
    moves: Counter[tuple[str, str]] = Counter()
    for change in changes:
        if change.old is None or change.new is None:
            continue
        old, new = images(change.old), images(change.new)
        moves.update((old[name], new[name]) for name in new if name in old and old[name] != new[name])
    for old_image, new_image in moves:
        (old_name, old_tag), (new_name, new_tag) = _split_image(old_image), _split_image(new_image)
        if old_name == new_name:
            yield Line(f"image {old_tag} → {new_tag}")
        else:
            yield Line(f"image {old_image} → {new_image}")


def _split_image(image: str) -> tuple[str, str]:
    """Name and tag of an image reference; the digest is no name that people know a version by."""
    bare, _, digest = image.partition("@")
    name, colon, tag = bare.rpartition(":")
    if colon and "/" not in tag:
        return name, tag
    return bare, digest[:19] or "latest"


def _changed(change: ObjectChange) -> Iterator[Line]:
    kind, name = change.key.kind, change.key.name
    fields = [field for field in change.fields if not _is_noise(field)]
    rest = list(fields)
    for field in fields:
        line = _known(kind, name, field)
        if line is not None:
            rest.remove(field)
            yield line
    rest = [field for field in rest if field.path[-1:] != ("image",)]
    if kind in ("ConfigMap", "Secret") and (keys := _data_keys(rest)):
        yield Line(f"{kind} {name}: {_number(len(keys), 'key')} changed")
        rest = [field for field in rest if field.path[0] not in ("data", "binaryData", "stringData")]
    if rest and change.new is not None and pod_template(change.new) is not None:
        yield from _workload_rest(kind, name, rest)
    elif rest:
        yield Line(f"{kind} {name}: {_number(len(rest), 'field')} changed")


def _workload_rest(kind: str, name: str, rest: Sequence[FieldChange]) -> Iterator[Line]:
    env = {field.path[field.path.index("env") + 1] for field in rest if "env" in field.path[:-1]}
    resources = [field for field in rest if "resources" in field.path]
    for field in resources:
        yield Line(f"{name}: {'.'.join(field.path[-2:])} {_value(field.old)} → {_value(field.new)}")
    if env:
        yield Line(f"{kind} {name}: {_number(len(env), 'variable')} changed")
    others = [field for field in rest if "env" not in field.path[:-1] and field not in resources]
    if others:
        yield Line(f"{kind} {name}: {_number(len(others), 'field')} changed")


def _known(kind: str, name: str, field: FieldChange) -> Line | None:
    """The changes that have a sentence of their own."""
    match kind, field.path:
        case _, ("spec", "replicas"):
            return Line(f"{name}: replicas {_value(field.old)} → {_value(field.new)}")
        case "Service", ("spec", "ports", *_, ("port" | "nodePort") as which):
            return Line(
                f"Service {which} {_value(field.old)} → {_value(field.new)}: clients may break", "warning"
            )
        case "Service", ("spec", "ports", _) if field.new is MISSING:
            return Line(f"Service {name} loses a port: clients may break", "warning")
        case "Service", ("spec", "type"):
            return Line(f"Service type {_value(field.old)} → {_value(field.new)}", "warning")
        case "Ingress", ("spec", "rules", *_):
            return Line(f"Ingress {name}: its rules change", "warning")
    return None


def _is_noise(field: FieldChange) -> bool:
    path = str(field).removeprefix("spec.template.")
    return path.startswith(NOISE)


def _data_keys(fields: Iterable[FieldChange]) -> set[str]:
    keys: set[str] = set()
    for field in fields:
        if field.path[0] in ("data", "binaryData", "stringData"):
            sides = [side for side in (field.old, field.new) if isinstance(side, dict)]
            keys.update(field.path[1:2] or [key for side in sides for key in side])
    return keys


def _counted(verb: str, changes: Sequence[ObjectChange]) -> Iterator[Line]:
    by_kind: dict[str, list[str]] = {}
    for change in changes:
        by_kind.setdefault(change.key.kind, []).append(change.key.name)
    for kind, names in by_kind.items():
        if len(names) <= 2:
            yield from (Line(f"{kind} {name} {verb}") for name in names)
        else:
            yield Line(f"{_number(len(names), kind)} {verb}")


def _removed(changes: Sequence[ObjectChange]) -> Iterator[Line]:
    keeps = [change for change in changes if not _is_kept(change)]
    yield from _counted("removed", [change for change in keeps if change.key.kind not in HOLDS_DATA])
    for change in keeps:
        if change.key.kind in HOLDS_DATA:
            yield Line(f"{change.key} goes away, and its data may", "warning")
    for change in changes:
        if _is_kept(change):
            yield Line(f"{change.key} leaves the release but stays")


def _is_kept(change: ObjectChange) -> bool:
    """Helm leaves an object with this annotation in place (Helm's documentation, chart tips and tricks)."""
    annotations = ((change.old or {}).get("metadata") or {}).get("annotations") or {}
    return annotations.get("helm.sh/resource-policy") == "keep"


def _immutable(change: ObjectChange) -> Iterator[Line]:
    paths = {".".join(field.path[:2]) for field in cannot_change(change)}
    for path in sorted(paths):
        yield Line(f"{change.key}: {path} can't change in place", "warning")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _value(value: Any) -> str:
    if value is MISSING or value is None:
        return "none"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
