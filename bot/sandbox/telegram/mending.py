"""Entities that overlap, as Telegram mends them (td fix_entities).

Styles (bold and the like) merge with their equals and give way to code; of two links, commands or pieces of
code that overlap the first stays; quotes do not nest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.sandbox.telegram.entities import Entity, in_order

_STYLES = frozenset(("bold", "italic", "underline", "strikethrough", "spoiler"))
_QUOTES = frozenset(("blockquote", "expandable_blockquote"))
_CODE = frozenset(("code", "pre"))


def mended(entities: Iterable[Entity]) -> list[Entity]:
    """The entities as they end up in a message, in the API's order."""
    ordered = in_order(list(entities))
    quotes = _apart([each for each in ordered if each.type in _QUOTES])
    solid = _apart([each for each in ordered if each.type not in _QUOTES | _STYLES])
    code = [each for each in solid if each.type in _CODE]
    styles: list[Entity] = []
    for style in sorted(_STYLES):
        for each in _merged([each for each in ordered if each.type == style]):
            styles += _without(each, code)
    return in_order(quotes + solid + styles)


def overlaps(one: Entity, other: Entity) -> bool:
    """Whether two entities share any of the text."""
    return one.offset < other.end and other.offset < one.end


def _apart(entities: Sequence[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for each in entities:
        if not kept or each.offset >= kept[-1].end:
            kept.append(each)
    return kept


def _merged(entities: Sequence[Entity]) -> list[Entity]:
    """One style's entities with those that touch made one."""
    kept: list[Entity] = []
    for each in entities:
        if kept and each.offset <= kept[-1].end:
            kept[-1] = replace(kept[-1], length=max(kept[-1].end, each.end) - kept[-1].offset)
        else:
            kept.append(each)
    return kept


def _without(style: Entity, code: Sequence[Entity]) -> list[Entity]:
    """What is left of a style where code was cut out of it."""
    pieces, start = [], style.offset
    for each in code:
        if overlaps(style, each):
            pieces.append((start, each.offset))
            start = each.end
    pieces.append((start, style.end))
    return [replace(style, offset=begin, length=end - begin) for begin, end in pieces if end > begin]
