"""Text as Telegram sees it: escaping, measuring and splitting its HTML, and taming text from elsewhere.

Layout is not decided here (bot/texts does that); this module knows what the Bot API's HTML mode accepts and how
it counts, and is the only place that escapes, cleans or splits.
"""

import html as html_entities
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wcwidth import wcswidth

MESSAGE_LIMIT = 4096
"""Characters of a message after parsing."""
CAPTION_LIMIT = 1024
"""Characters of a document's caption after parsing."""

_TOKEN = re.compile(r"<[^<>]*>|&(?:lt|gt|amp|quot|#\d+|#[xX][0-9a-fA-F]+);?|[^<&]|[<&]")
_RUN = re.compile(r"(<[^<>]*>)")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_INVISIBLE = re.compile(r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def escape(text: object) -> str:
    """Any text as HTML that shows exactly it."""
    return html_entities.escape(str(text), quote=True)


def clean(text: object, *, lines: bool = True) -> str:
    """Text from elsewhere without what could disturb a line: ANSI codes, control, bidi and invisible signs.

    Tabs become spaces; without `lines`, so do line ends, and what is left is one line.
    """
    found = _INVISIBLE.sub("", _ANSI.sub("", str(text))).replace("\r\n", "\n").replace("\t", "    ")
    found = "".join(sign if sign == "\n" or unicodedata.category(sign)[0] != "C" else " " for sign in found)
    return found if lines else " ".join(found.split())


def plain(html: str) -> str:
    """What a reader sees of `html`."""
    return html_entities.unescape(_RUN.sub("", html))


def length(html: str) -> int:
    """The characters that Telegram counts, as the larger of code points and UTF-16 units (it says not which)."""
    return _units(plain(html))


def mapped(html: str, change: Callable[[str], str]) -> str:
    """`html` with `change` applied to its text as a reader sees it; markup stays."""
    parts = _RUN.split(html)
    for index, part in enumerate(parts):
        if part.startswith("<") and part.endswith(">"):
            parts[index] = _mapped_link(part, change)
            continue
        seen = html_entities.unescape(part)
        changed = change(seen)
        if changed != seen:
            parts[index] = escape(changed)
    return "".join(parts)


def split(html: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """`html` in parts of at most `limit` characters after parsing, each with its tags balanced.

    Parts end at line ends where they can, else at spaces; the line end or space itself is dropped.
    """
    if length(html) <= limit:
        return [html]
    parts: list[str] = []
    part = _Part(limit)
    for token in _TOKEN.findall(html):
        if not part.fits(token):
            parts.append(part.cut())
        part.add(token)
    parts.append(part.close())
    return [found for found in parts if plain(found).strip()]


def width(text: str) -> int:
    """The cells that `text` takes in a monospaced block."""
    return max(0, wcswidth(text))


def clip(text: str, cells: int) -> str:
    """`text` cut to `cells` of a monospaced block, with an ellipsis where something was cut."""
    if width(text) <= cells:
        return text
    while text and width(text) > cells - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def bar(ready: int, total: int, cells: int = 10) -> str:
    """A progress bar, full only when all is ready."""
    done = cells if total <= 0 else min(cells, max(0, ready) * cells // total)
    return "■" * done + "□" * (cells - done)


def _mapped_link(tag: str, change: Callable[[str], str]) -> str:
    return re.sub(
        r'(href=")([^"]*)(")',
        lambda found: found[1] + escape(change(html_entities.unescape(found[2]))) + found[3],
        tag,
    )


def _units(text: str) -> int:
    return len(text) + sum(sign > "\uffff" for sign in text)


@dataclass
class _Token:
    text: str
    units: int


class _Part:
    """One part in the making: its tokens, the tags that are open, and the last good place to end it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tokens: list[_Token] = []
        self._size = 0

    def fits(self, token: str) -> bool:
        return self._size + _size(token) <= self._limit

    def add(self, token: str) -> None:
        self._tokens.append(_Token(token, _size(token)))
        self._size += _size(token)

    def cut(self) -> str:
        """End the part at its best place and go on with the rest, the open tags opened again."""
        at = self._place()
        head, rest = self._tokens[:at], self._tokens[at:]
        if rest and rest[0].text in {"\n", " "}:
            rest = rest[1:]
        again = [_Token(tag, 0) for tag in _open_tags(head)]
        self._tokens = [*again, *rest]
        self._size = sum(token.units for token in self._tokens)
        return _joined(head)

    def close(self) -> str:
        return _joined(self._tokens)

    def _place(self) -> int:
        for sign in ("\n", " "):
            seen = 0
            best = None
            for index, token in enumerate(self._tokens):
                seen += token.units
                if token.text == sign and seen * 2 > self._limit:
                    best = index
            if best is not None:
                return best
        return len(self._tokens)


def _size(token: str) -> int:
    if token.startswith("<") and token.endswith(">") and len(token) > 1:
        return 0
    return _units(html_entities.unescape(token))


def _name(tag: str) -> str:
    found = re.match(r"</?\s*([A-Za-z-]+)", tag)
    return found[1].lower() if found else ""


def _tags(tokens: list[_Token]) -> Iterator[str]:
    return (token.text for token in tokens if token.units == 0 and token.text.startswith("<"))


def _open_tags(tokens: list[_Token]) -> list[str]:
    opened: list[str] = []
    for tag in _tags(tokens):
        if not tag.startswith("</"):
            opened.append(tag)
        elif opened:
            opened.pop()
    return opened


def _joined(tokens: list[_Token]) -> str:
    closing = "".join(f"</{_name(tag)}>" for tag in reversed(_open_tags(tokens)))
    return "".join(token.text for token in tokens) + closing
