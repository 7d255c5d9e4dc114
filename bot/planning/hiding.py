"""What of a release must not be shown: what its own Secrets hold, wherever else in it the same text stands.

A Secret that became a ConfigMap, or a password that a chart also puts into an argument, would be shown by its
kind alone (security.md, row 8). What the configuration knows to be secret is hidden by the `Masker` already, as far
as it can be told from other words; the rest is hidden where `bot.planning.tracing` finds it.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bot.config import Target
from bot.masking import HIDDEN, SHORTEST, Masker
from bot.planning import paths
from bot.planning.manifests import Manifest, Object
from bot.planning.tracing import Traces, hidden_at, named

LONG = 12
"""Characters from which a Secret's text is hidden inside other texts too; a shorter one may be any word."""

SHORTEST_ALONE = 3
"""Characters from which a secret value is hidden where it stands alone: a single digit may be any count."""

_ANYBODYS = frozenset({"true", "false", "yes", "off", "null", "none"})

_PLAIN = "ConfigMap"
_SECRET = "Secret"  # noqa: S105 - a kind
_DATA = ("data", "stringData")

NOTHING_TRACED: Traces = {}


def mask_for(
    masker: Masker,
    *groups: Iterable[Manifest],
    traced: Traces = NOTHING_TRACED,
    given: frozenset[str] = frozenset(),
) -> Callable[[Object], Object]:
    """How objects of a release are masked, given all `groups` of its objects, before and after.

    `traced` is where its secret values end up; `given` are the texts of those, of whatever length, which are hidden
    wherever they stand alone.
    """
    held = held_by(*groups)
    wider = masker.with_values(text for text in held if len(text) >= LONG)
    within = _words(given)

    def mask(item: Object) -> Object:
        shown = _emptied(item, held) if item.get("kind") == _PLAIN else item
        where = traced.get(named(item), frozenset())
        if item.get("kind") == _SECRET:  # its values are told apart by what the masker makes of them
            return wider.mask_object(
                hidden_at(shown, frozenset(path for path in where if path[0] not in _DATA))
            )
        return wider.mask_object(_without(hidden_at(shown, where), given, within))

    return mask


def _without(value: Any, given: frozenset[str], within: re.Pattern[str] | None) -> Any:
    """A copy without what was given: scalars of that text, and in longer texts the words of that spelling."""
    if isinstance(value, dict):
        return {key: _without(each, given, within) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, given, within) for each in value]
    if value is None or isinstance(value, bool):
        return value
    if str(value) in given:
        return HIDDEN
    return within.sub(HIDDEN, value) if within is not None and isinstance(value, str) else value


def _words(given: frozenset[str]) -> re.Pattern[str] | None:
    longer = sorted((text for text in given if len(text) >= SHORTEST), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longer))})(?!\w)") if longer else None


def texts_given(target: Target, secret: frozenset[paths.Path], *values: Mapping[str, Any]) -> frozenset[str]:
    """The texts at the secret paths of values, but for the shortest and for what everybody sees anyway."""
    texts = {text for each in values for path in secret for text in paths.leaves(paths.at(each, path))}
    seen = {target.app.name, target.environment.name, target.namespace, target.release}
    return frozenset(
        text for text in texts - seen if len(text) >= SHORTEST_ALONE and text.lower() not in _ANYBODYS
    )


def held_by(*groups: Iterable[Manifest]) -> frozenset[str]:
    """Every text that a Secret among these objects holds."""
    return frozenset(text for group in groups for each in group for text in _texts(each.object))


def _emptied(item: Object, held: frozenset[str]) -> Object:
    """A ConfigMap without the texts, of whatever length, that a Secret holds or held."""
    shown = dict(item)
    for field in ("data", "binaryData"):
        data = item.get(field)
        if isinstance(data, Mapping):
            shown[field] = {
                key: HIDDEN if held.intersection(_readings(value)) else value for key, value in data.items()
            }
    return shown


def _texts(item: Object) -> Iterator[str]:
    """What a Secret holds, as text."""
    if item.get("kind") != "Secret":
        return
    for field in ("data", "stringData"):
        data = item.get(field)
        for value in data.values() if isinstance(data, Mapping) else ():
            text = _decoded(value) if field == "data" else str(value)
            if text is not None and text.strip():
                yield text.strip()


def _readings(value: Any) -> Iterator[str]:
    """A value as it stands, and as what it may be the base64 of."""
    yield str(value).strip()
    if (decoded := _decoded(value)) is not None:
        yield decoded.strip()


def _decoded(value: Any) -> str | None:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
