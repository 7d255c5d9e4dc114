"""The one place that hides secrets: from what chats, logs, the store and the command line show. Pure.

Known values are hidden in every form in which they travel; well-known shapes of secrets are hidden though nobody
named them; and of a Kubernetes Secret only its keys are shown, each value as a short keyed hash, so that a change
can be seen and the value can't.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "•••"

SHORTEST: Final = 4
"""Known values shorter than this are not looked for: hiding every "no" would hide everything."""

SHORTEST_INSIDE: Final = 8
"""Bytes from which a value is looked for inside the base64 of a longer text."""

MOST_TOGETHER: Final = 8
"""Sets of values that are looked for one after the other before they are made one."""

SHORT: Final = 80
"""Characters up to which a text's masked form is kept, for the next time."""

MOST_SEEN: Final = 4096
"""Texts of which it is kept."""

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""kubectl's copy of the whole object, Secret data included."""

_PLAIN: Final = re.compile(r"[A-Za-z]*|v?\d+(?:\.\d+)*[A-Za-z]{0,2}")
"""Words, and numbers with or without a unit: short ones are anybody's."""

PATTERNS: Final = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"\b\d{6,12}:[A-Za-z0-9_-]{30,64}\b", 0),  # a Telegram bot's token
        (r"(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{8,}", 0),
        (r"(?<=[Bb]asic )[A-Za-z0-9+/=]{8,}", 0),
        (r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)", 0),  # credentials in a URL
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", 0),  # AWS
        (r"\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b", 0),
        (r"\bglpat-[A-Za-z0-9_-]{16,}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}\b", 0),  # GitLab, Slack
        (r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", 0),  # a JSON web token
    )
)

_KEY: Final = secrets.token_bytes(32)
"""Of this process: hashes of the same value are alike while it runs, and say nothing afterwards."""


class Masker:
    """Hides a set of known values, and what looks like a secret."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = frozenset(line for value in values for line in _parts(value))
        self._known = _compiled(self._values)
        self._seen: dict[str, str] = {}
        """Short texts and what became of them: keys and values of objects come again and again."""

    def with_values(self, values: Iterable[str]) -> Masker:
        """A masker that hides these values too.

        What was known before is not compiled anew, which takes a tenth of a second for some hundred values.
        """
        new = frozenset(line for value in values for line in _parts(value)) - self._values
        if not new:
            return self
        if len(self._known) >= MOST_TOGETHER:
            return Masker(self._values | new)
        wider = Masker()
        wider._values = self._values | new
        wider._known = (*self._known, *_compiled(new))
        return wider

    def mask_text(self, text: str) -> str:
        """The text with every secret replaced by `•••`."""
        if len(text) > SHORT:
            return self._masked(text)
        if (seen := self._seen.get(text)) is not None:
            return seen
        if len(self._seen) >= MOST_SEEN:
            self._seen.clear()
        masked = self._seen[text] = self._masked(text)
        return masked

    def _masked(self, text: str) -> str:
        spans = sorted(match.span() for known in self._known for match in known.finditer(text))
        text = _without(text, spans) if spans else text
        for pattern in PATTERNS:
            text = pattern.sub(HIDDEN, text)
        return text

    def mask_values(self, value: Any) -> Any:
        """A copy of plain data with every text in it masked, keys included."""
        if isinstance(value, Mapping):
            return {self.mask_text(str(key)): self.mask_values(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.mask_values(each) for each in value]
        if isinstance(value, str):
            return self.mask_text(value)
        return HIDDEN if not isinstance(value, bool) and str(value) in self._values else value

    def mask_object(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a Kubernetes object that may be shown; a Secret keeps its keys alone."""
        shown = dict(item)
        metadata = shown.get("metadata")
        if isinstance(metadata, Mapping) and LAST_APPLIED in (metadata.get("annotations") or {}):
            annotations = {key: each for key, each in metadata["annotations"].items() if key != LAST_APPLIED}
            shown["metadata"] = {**metadata, "annotations": annotations}
        if shown.get("kind") == "Secret":
            for field in ("data", "stringData"):
                if isinstance(shown.get(field), Mapping):
                    shown[field] = {key: _hashed(field, each) for key, each in shown[field].items()}
                elif shown.get(field) is not None:
                    shown[field] = HIDDEN
        masked: dict[str, Any] = self.mask_values(shown)
        return masked


def _compiled(values: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    """What finds these values in any of their forms; nothing for none."""
    forms = {form for value in values for form in _forms(value)}
    ordered = sorted(forms, key=len, reverse=True)  # the longest first: one may hold another
    return (re.compile("|".join(map(re.escape, ordered))),) if ordered else ()


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with each span, given in order, replaced; those that overlap are one."""
    parts: list[str] = []
    shown = 0
    for start, end in spans:
        if start >= shown:
            parts += [text[shown:start], HIDDEN]
        shown = max(shown, end)
    return "".join([*parts, text[shown:]])


def is_telling(value: str) -> bool:
    """Whether a value of a file that is secret as a whole can be looked for in any text, and be hidden there.

    A port, a quantity or a short word would hide what has nothing to do with it: those are hidden where they are
    known to stand, in the values and in what a chart makes of them.
    """
    text = value.strip()
    if len(text) >= SHORTEST_INSIDE:
        return not re.fullmatch(r"[-+]?\d{1,9}(?:\.\d{1,9})?", text)
    return len(text) >= SHORTEST and not _PLAIN.fullmatch(text)


def _parts(value: str) -> Iterable[str]:
    """The value, and each of its longer lines: logs and errors quote by the line."""
    stripped = value.strip()
    if len(stripped) >= SHORTEST:
        yield stripped
    if "\n" in stripped:
        yield from (line.strip() for line in stripped.splitlines() if len(line.strip()) >= 12)


def _forms(value: str) -> Iterable[str]:
    """Every way in which a value may be written."""
    raw = value.encode()
    yield value
    yield quote(value)
    yield quote(value, safe="")
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    for encoded in (base64.b64encode(raw), base64.b64encode(raw + b"\n"), base64.urlsafe_b64encode(raw)):
        yield encoded.decode().rstrip("=")
    yield from _inside_base64(raw)


def _inside_base64(raw: bytes) -> Iterable[str]:
    """The value within the base64 of more than it, as `user:password`: it may begin at any of three places."""
    if len(raw) < SHORTEST_INSIDE:
        return
    for before, clean in ((0, 0), (1, 2), (2, 3)):
        bits = 8 * (before + len(raw))
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + raw).decode()[clean : bits // 6]


def _hashed(field: str, value: Any) -> str:
    """`••• 4f1c`: the same for the same value, whether it stands in data (base64) or stringData."""
    text = str(value)
    raw = text.encode()
    if field == "data":
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            raw = text.encode()
    return f"{HIDDEN} {hmac.new(_KEY, raw, hashlib.sha256).hexdigest()[:4]}"
