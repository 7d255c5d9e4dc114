"""Messages as people see them, in plain text: for transcripts, and for what scripts look for.

What a phone shows by type or indentation is marked lightly: `code`, a bar before quotes and blocks of code, a
triangle before quotes that can be unfolded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from bot.sandbox.telegram import Message
from bot.sandbox.telegram.entities import Entity

_FOLDABLE: Final = "▸ "
_UNFOLDED: Final = 3
"""Lines of a foldable quote that are seen before it is touched, as Telegram's apps show them."""
_LEVEL: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2060": None, "\ufe0f": None, "\u200b": None})


def levelled(text: str) -> str:
    """`text` without differences that nobody sees: kinds of spaces, invisible signs, variants of symbols."""
    return text.translate(_LEVEL)


def plain(message: Message) -> str:
    """The text alone, levelled; a file's name and what a service message says stand in brackets."""
    lines = [message.text] if message.text else []
    if message.file is not None:
        lines.append(f"[{message.file.kind}: {message.file.name}]")
    if message.service is not None:
        lines += [f"[{kind.replace('_', ' ')}]" for kind in message.service]
    return levelled("\n".join(lines))


def labels(message: Message) -> list[str]:
    """The labels of all buttons, levelled, in reading order."""
    return [levelled(button.label) for row in message.buttons for button in row]


def begins(label: str, prefix: str) -> bool:
    """Whether a button's label begins with `prefix`, in any case."""
    return levelled(label).casefold().startswith(levelled(prefix).casefold())


def marked(message: Message) -> list[str]:
    """The lines of a message with code and quotes marked, its file, and its rows of buttons."""
    lines = _marked_text(message.text, message.entities)
    if message.file is not None:
        lines.append(f"📎 {message.file.name} ({len(message.file.content)} bytes)")
    if message.service is not None:
        lines += [f"({kind.replace('_', ' ')})" for kind in message.service]
    return lines + [" ".join(f"[{levelled(button.label)}]" for button in row) for row in message.buttons]


def _marked_text(text: str, entities: Sequence[Entity]) -> list[str]:
    """Lines of `text`: ticks around code, bars before quotes and blocks of code, foldable quotes folded."""
    code = [each for each in entities if each.type == "code"]
    opens, closes = {each.offset for each in code}, {each.end for each in code}
    lines: list[str] = []
    line, start, at = "", 0, 0
    for char in text:
        line += "`" * (at in closes)
        if char == "\n":
            lines.append(_margin(entities, start) + levelled(line))
            line, start = "", at + 1
        else:
            line += "`" * (at in opens) + char
        at += 2 if ord(char) > 0xFFFF else 1  # entities count in UTF-16 units
    if line:
        lines.append(_margin(entities, start) + levelled(line) + "`" * (at in closes))
    return _folded(lines)


def _margin(entities: Iterable[Entity], at: int) -> str:
    """What stands before a line that begins at `at`."""
    for each in entities:
        if each.offset <= at < each.end and each.type in ("expandable_blockquote", "blockquote", "pre"):
            return _FOLDABLE if each.type == "expandable_blockquote" else "│ "
    return ""


def _folded(lines: Iterable[str]) -> list[str]:
    """As phones do: of a foldable quote the first lines, and how many there are beside them."""
    shown: list[str] = []
    for foldable, group in groupby(lines, key=lambda line: line.startswith(_FOLDABLE)):
        part = list(group)
        shown += part[:_UNFOLDED] if foldable else part
        if foldable and len(part) > _UNFOLDED:
            shown.append(f"{_FOLDABLE}… {len(part) - _UNFOLDED} more lines")
    return shown
