"""What is marked up in a text, and where: offsets and lengths in UTF-16 units, as the Bot API counts."""

from __future__ import annotations

from dataclasses import dataclass

# Of entities that begin and end together, these come in this order and all others between them (td's
# MessageEntity::get_type_priority).
_FIRST = ("blockquote", "expandable_blockquote", "pre", "code", "text_link", "text_mention")
_LAST = ("bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji")


@dataclass(frozen=True, slots=True)
class Entity:
    """One marked-up part of a text."""

    type: str
    offset: int
    length: int
    url: str = ""
    language: str = ""
    user_id: int = 0
    custom_emoji_id: str = ""
    unix_time: int = 0
    date_time_format: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length

    def part(self, text: str) -> str:
        """The part of `text` that this entity covers."""
        return text.encode("utf-16-le")[2 * self.offset : 2 * self.end].decode("utf-16-le", "replace")


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def in_order(entities: list[Entity]) -> list[Entity]:
    """As the Bot API lists them: by start, the longest first, then by kind."""
    return sorted(entities, key=lambda each: (each.offset, -each.length, _rank(each.type)))


def _rank(kind: str) -> int:
    if kind in _FIRST:
        return _FIRST.index(kind) - len(_FIRST)
    return 1 + _LAST.index(kind) if kind in _LAST else 0
