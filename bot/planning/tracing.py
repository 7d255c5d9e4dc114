"""Where in a chart's manifests secret values end up, found out by rendering once more with others in their place.

So a port or a short word of a secret file is hidden just where the chart puts it, in whatever it is made part of,
and nowhere else. Pure; what is known to be secret by its text alone is `bot.planning.hiding`'s.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.masking import HIDDEN
from bot.planning import paths
from bot.planning.differences import child_by, field_changes, merge_key
from bot.planning.manifests import Manifest, Object

Traces = Mapping[tuple[str, str], frozenset[paths.Path]]
"""By kind and name of an object, the paths in it that depend on something secret."""


def altered(values: Mapping[str, Any], secret: frozenset[paths.Path]) -> paths.Values:
    """A copy with another value of the same shape at each of these paths.

    Truth values stay: they switch parts of a chart on and off, and tell nobody anything.
    """

    def copy(value: Any, path: paths.Path) -> Any:
        if path in secret:
            return _other(value)
        if isinstance(value, Mapping):
            return {key: copy(each, (*path, key)) for key, each in value.items()}
        return value

    return {key: copy(value, (key,)) for key, value in values.items()}


def _other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _other(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_other(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    return "".join(map(_next, value)) if isinstance(value, str) else value + 1


def _next(character: str) -> str:
    """Another character of the same sort, so that names stay names and base64 stays base64."""
    for sort in ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"):
        if character in sort:
            return sort[(sort.index(character) + 1) % len(sort)]
    return character


def traces(real: Iterable[Manifest], other: Iterable[Manifest]) -> Traces:
    """What differs between the manifests of the real values and those of the altered ones."""
    there = {named(each.object): each.object for each in other}
    found = {}
    for each in real:
        name = named(each.object)
        if name in there:
            found[name] = frozenset(change.path for change in field_changes(each.object, there[name]))
    return found


def named(item: Object) -> tuple[str, str]:
    """An object's kind and name."""
    return str(item.get("kind")), str((item.get("metadata") or {}).get("name"))


def hidden_at(value: Any, where: frozenset[paths.Path], path: paths.Path = ()) -> Any:
    """A copy in which nothing is to be seen at these paths, which are those of `field_changes`."""
    if path in where:
        return HIDDEN
    if isinstance(value, dict):
        return {key: hidden_at(each, where, (*path, str(key))) for key, each in value.items()}
    if isinstance(value, list) and (key := merge_key(value)) is not None:
        return [hidden_at(each, where, (*path, child_by(key, each))) for each in value]
    return value
