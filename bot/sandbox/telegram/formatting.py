"""From what a bot sends to what people see: parse mode, clean-up, trimming, limits and the entities' list.

Follows td's get_formatted_text and fix_formatted_text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.sandbox.telegram.detecting import detected
from bot.sandbox.telegram.entities import Entity, units
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.html import parse_html
from bot.sandbox.telegram.markdown import parse_markdown, parse_markdown_v2
from bot.sandbox.telegram.mending import mended
from bot.sandbox.telegram.parameters import Parameters, as_integer

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
_RAW_LIMIT = 32768  # bytes, before parsing
_MOST_ENTITIES = 100
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
# Line and paragraph separators, directional marks and stacked diacritics are cut out by td's clean_input_string.
_REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
# Of these alone nobody sees anything, so td takes such a text as empty (is_empty_string).
_INVISIBLE = re.compile(
    "[ \n\u1680\u180e\u2000-\u200d\u202f\u205f\u2060\u2800\u3000\ufeff\ufffc\U000e0000-\U000e0fff]*"
)
_EXPLICIT = frozenset(
    [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "blockquote",
        "expandable_blockquote",
        "date_time",
    ]
)


_PARSERS = {"html": parse_html, "markdown": parse_markdown, "markdownv2": parse_markdown_v2}


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as people see it."""

    text: str
    entities: tuple[Entity, ...] = ()


def parsed(
    parameters: Parameters, name: str, mode: str = "parse_mode", entities: str = "entities"
) -> Formatted:
    """The text of a parameter by its parse mode or explicit entities; "" where there is none.

    Raises: Refusal, in Telegram's words.
    """
    raw = parameters.text(name)
    if len(raw.encode()) > _RAW_LIMIT:
        raise bad("text is too long")
    parse_mode = parameters.text(mode).lower()
    if parse_mode in ("", "none"):
        return cleaned(raw, explicit_entities(parameters, entities))
    if parse_mode not in _PARSERS:
        raise bad("unsupported parse_mode")
    return cleaned(*_PARSERS[parse_mode](raw))


def cleaned(text: str, entities: list[Entity]) -> Formatted:
    """Clean a text and trim it, moving its entities along, and add those that are found by themselves."""
    text, entities = _without_removed(text, entities)
    text = _CONTROL.sub(" ", text)
    text = text.rstrip(" \n")
    if _INVISIBLE.fullmatch(text):
        return Formatted("")
    first = min((each.offset for each in entities), default=units(text))
    cut = min(len(text) - len(text.lstrip(" \n")), first)
    text, size = text[cut:], units(text[cut:])
    moved = [replace(each, offset=each.offset - cut) for each in entities]
    kept = [
        replace(each, length=min(each.length, size - each.offset)) for each in moved if each.offset < size
    ]
    return Formatted(text, tuple(detected(text, mended(kept))[:_MOST_ENTITIES]))


def message_text(parameters: Parameters) -> Formatted:
    """The text of a message. Raises: Refusal where it is absent or blank (its length is checked later)."""
    if not parameters.text("text"):
        raise bad("message text is empty")
    formatted = parsed(parameters, "text")
    if not formatted.text:
        raise bad("text must be non-empty")
    return formatted


def check_length(formatted: Formatted, *, edit: bool = False, caption: bool = False) -> None:
    """Raises: Refusal where a text or caption is over its limit, counted after parsing."""
    if len(formatted.text) > (CAPTION_LIMIT if caption else TEXT_LIMIT):
        if caption:
            raise bad("message caption is too long")
        raise bad("MESSAGE_TOO_LONG" if edit else "message is too long")


def explicit_entities(parameters: Parameters, name: str) -> list[Entity]:
    """The entities that a request lists itself; kinds that Telegram finds by itself are ignored."""
    if not parameters.text(name):
        return []
    try:
        listed = parameters.json(name)
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise bad("can't parse entities: expected an Array of MessageEntity")
    found = []
    for each in listed:
        if not isinstance(each, Mapping):
            raise bad("can't parse entities: expected an Object")
        if each.get("type") in _EXPLICIT:
            found.append(_explicit(each))
    return [each for each in found if each.length > 0 and each.offset >= 0]


def _explicit(given: Mapping[str, object]) -> Entity:
    user = given.get("user")
    return Entity(
        str(given["type"]),
        as_integer(given.get("offset")),
        as_integer(given.get("length")),
        url=str(given.get("url") or ""),
        language=str(given.get("language") or ""),
        user_id=as_integer(user.get("id")) if isinstance(user, Mapping) else 0,
        custom_emoji_id=str(given.get("custom_emoji_id") or ""),
        unix_time=as_integer(given.get("unix_time")),
        date_time_format=str(given.get("date_time_format") or ""),
    )


def _without_removed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Cut the characters that Telegram removes. All of them are one UTF-16 unit."""
    gone = [units(text[: match.start()]) for match in _REMOVED.finditer(text)]
    if not gone:
        return text, entities

    def moved(at: int) -> int:
        return at - sum(each < at for each in gone)

    kept = [
        replace(each, offset=moved(each.offset), length=moved(each.end) - moved(each.offset))
        for each in entities
    ]
    return _REMOVED.sub("", text), [each for each in kept if each.length > 0]
