"""What of a release must not be shown: what its own Secrets hold, wherever else in it the same text stands.

A Secret that became a ConfigMap, or a password that a chart also puts into an argument, would be shown by its
kind alone (threats.md, row 8). What the configuration knows to be secret is hidden by the `Masker` already.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bot.masking import HIDDEN, Masker
from bot.planning.manifests import Manifest, Object

LONG = 12
"""Characters from which a Secret's text is hidden inside other texts too; a shorter one may be any word."""

_PLAIN = "ConfigMap"


def mask_for(masker: Masker, *groups: Iterable[Manifest]) -> Callable[[Object], Object]:
    """How objects of a release are masked, given all `groups` of its objects, before and after."""
    held = frozenset(text for group in groups for each in group for text in _texts(each.object))
    wider = masker.with_values(text for text in held if len(text) >= LONG)

    def mask(item: Object) -> Object:
        return wider.mask_object(_emptied(item, held) if item.get("kind") == _PLAIN else item)

    return mask


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
