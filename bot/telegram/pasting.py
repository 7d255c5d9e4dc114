"""Lines for the configuration about people and chats that it does not know yet, ready to be pasted.

Names are chosen by whoever writes to the bot: they become keys only where a key may look so, and are quoted wherever
YAML could read them as anything but text.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.telegram.text import clean

LONGEST_KEY = 32
LONGEST_NAME = 60
_PLAIN = re.compile(r"[^\W\d_](?:[\w .'-]*[\w.'])?")
"""Text that YAML reads as itself, also within braces."""
_CONSTANTS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True)
class Entry:
    """One entry of `people` or `chats`."""

    key: str
    fields: Mapping[str, Any]

    def line(self) -> str:
        """The entry in one line, as the example configuration writes it."""
        return f"  {self.key}: {_flow(self.fields)}"

    def lines(self) -> list[str]:
        """The entry in lines that a phone does not wrap."""
        return [f"  {self.key}:", *_block(self.fields, 4)]


def person_entry(
    person_id: int, name: str, taken: Collection[str] = (), username: str | None = None
) -> Entry:
    """A person's entry; its key is none of `taken`."""
    shown = clean(name, lines=False)[:LONGEST_NAME].strip()
    first = _slug(shown.partition(" ")[0])
    proposals = [first, _slug(shown), _slug(username or "")] if first else [_slug(username or "")]
    fields: dict[str, Any] = {"id": person_id} | ({"name": shown} if shown else {})
    return Entry(_free(proposals, f"person-{person_id}", taken), fields)


def chat_entry(
    chat_id: int, title: str, topics: Mapping[str, int] | None = None, taken: Collection[str] = ()
) -> Entry:
    """A chat's entry; `topics` are ids by the names that they are called."""
    fields: dict[str, Any] = {"id": chat_id}
    if topics:
        fields["topics"] = dict(topics)
    shown = clean(title, lines=False)
    return Entry(_free([_slug(shown)], f"chat{chat_id}", taken), fields)


def topic_key(topic: int, name: str = "", taken: Collection[str] = ()) -> str:
    """What a topic is called in the configuration."""
    return _free([_slug(clean(name, lines=False))], f"topic-{topic}", taken)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_KEY].strip("-")


def _free(proposals: Collection[str], otherwise: str, taken: Collection[str]) -> str:
    usable = [each for each in proposals if each and not each.isdecimal() and each not in _CONSTANTS]
    for each in usable:
        if each not in taken:
            return each
    base = usable[0] if usable else otherwise
    numbered = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(each for each in numbered if each not in taken)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    return _scalar(value)


def _block(fields: Mapping[str, Any], indent: int) -> list[str]:
    lines: list[str] = []
    for key, value in fields.items():
        if isinstance(value, Mapping):
            lines += [f"{' ' * indent}{key}:", *_block(value, indent + 2)]
        else:
            lines.append(f"{' ' * indent}{key}: {_scalar(value)}")
    return lines


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _CONSTANTS:
        return value
    return json.dumps(value, ensure_ascii=False)
