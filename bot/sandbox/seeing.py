"""Messages as people see them, in plain text: for transcripts, and for what scripts look for.

What a phone shows by type or indentation is marked lightly: `code`, a bar before quotes and code blocks.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.sandbox.telegram import Message
from bot.sandbox.telegram.entities import Entity

_LEVEL = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2060": None, "\ufe0f": None, "\u200b": None})


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


def _marked_text(text: str, entities: Iterable[Entity]) -> list[str]:
    """Lines of `text`: ticks around code, `▸` and bars before quotes, bars before blocks of code."""
    opening: dict[int, str] = {}
    closing: dict[int, str] = {}
    margins: list[tuple[int, int, str, str]] = []
    for each in entities:
        if each.type == "code":
            opening[each.offset] = opening.get(each.offset, "") + "`"
            closing[each.end] = closing.get(each.end, "") + "`"
        elif each.type == "expandable_blockquote":
            margins.append((each.offset, each.end, "▸ ", "│ "))
        elif each.type in ("blockquote", "pre"):
            margins.append((each.offset, each.end, "│ ", "│ "))
    lines, line, at = [], "", 0
    starts = 0
    for char in [*text, "\n"]:
        line += closing.pop(at, "")
        if char == "\n":
            lines.append(_margin(margins, starts) + levelled(line))
            line, starts = "", at + 1
        else:
            line += opening.pop(at, "") + char
        at += 2 if ord(char) > 0xFFFF else 1  # entities count in UTF-16 units
    return lines if text else []


def _margin(margins: Iterable[tuple[int, int, str, str]], at: int) -> str:
    for start, end, first, then in margins:
        if start <= at < end:
            return first if at == start else then
    return ""
