"""The values of a release that was there before, as a file for the configuration to go on with. Pure.

What the configuration provides by itself is left out: the image, its secrets, and what it has in the same way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.config import App, Target
from bot.masking import Masker
from bot.planning import paths
from bot.planning.differences import to_yaml
from bot.planning.foreign import beyond, lacking, looks_secret


@dataclass(frozen=True)
class Adopted:
    """What is taken over, and what is to be known of it; keys as people write them."""

    values: paths.Values = field(repr=False)
    keys: tuple[str, ...]
    secret: tuple[str, ...]
    """Those that look like secrets."""
    otherwise: tuple[str, ...]
    """Those that the configuration has too, with another value."""


def adopted(
    target: Target, theirs: Mapping[str, Any], ours: Mapping[str, Any], masker: Masker, held: frozenset[str]
) -> Adopted:
    """What `theirs` has beyond `ours`; `held` are texts of the release's Secrets."""
    values = beyond(_without(theirs, _provided(target)), ours)
    leaves = list(lacking(values, {}))
    missing = {path for path, _ in lacking(values, ours)}
    return Adopted(
        values=values,
        keys=tuple(_said(path) for path, _ in leaves),
        secret=tuple(_said(path) for path, value in leaves if looks_secret(path, value, masker, held)),
        otherwise=tuple(_said(path) for path, _ in leaves if path not in missing),
    )


def file_of(found: Adopted, target: Target, revision: int) -> str:
    """The values file, its first lines saying what it is."""
    head = [
        f"Values that revision {revision} of {target.release} in {target.namespace} was given, and that the",
        "configuration lacks or has otherwise. Written by "
        f"`pilothouse adopt {target.app.name} {target.environment.name}`.",
    ]
    if found.secret:
        head += [
            "",
            "These look like secrets. Better: name them under `secrets` of the app, and take them out here.",
        ]
        head += [f"  {key}" for key in found.secret]
    if found.otherwise:
        head += ["", "The configuration has these otherwise. This file goes over it: what runs now stays."]
        head += [f"  {key}" for key in found.otherwise]
    return "".join(f"# {line}".rstrip() + "\n" for line in head) + to_yaml(found.values)


def lines_for(app: App, environment: str, file: str, *, secret: bool) -> str:
    """What to paste into the configuration, so that the file is a layer of values."""
    layer = f"{{file: {file}, secret: true}}" if secret else file
    bare = all(override.model_fields_set <= {"name"} for override in app.environments.values())
    others = [name for name in app.environments if name != environment] if bare else []
    lines = ["apps:", f"  {app.name}:", "    environments:"]
    lines += [f"      {name}:" for name in others]
    lines += [f"      {environment}:", "        values:"]
    if app.environments[environment].values:
        lines.append("          # after the files that are there")
    return "\n".join([*lines, f"          - {layer}", ""])


def _provided(target: Target) -> list[str]:
    """The keys that the configuration fills at each deploy."""
    keys = target.app.image_value
    image = (keys.single, keys.repository, keys.tag, keys.digest) if target.app.image is not None else ()
    return [*filter(None, image), *target.secrets]


def _without(values: Mapping[str, Any], keys: Iterable[str]) -> paths.Values:
    """A copy without these keys, nor anything that stands where their mappings should be."""
    result = dict(values)
    for key in keys:
        result = _cut(result, key.split("."))
    return result


def _cut(values: Mapping[str, Any], path: list[str]) -> paths.Values:
    name, *rest = path
    if name not in values:
        return dict(values)
    below = values[name]
    kept = {key: value for key, value in values.items() if key != name}
    if rest and isinstance(below, Mapping) and (inner := _cut(below, rest)):
        return {key: inner if key == name else value for key, value in values.items()}
    return kept


def _said(path: paths.Path) -> str:
    """A key on one line, whatever it holds: it goes into a comment."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in paths.spelled(path)).split())
