"""What Telegram finds in a text by itself: commands, mentions, hashtags, links, addresses.

An approximation of td's find_entities: the same kinds and the same borders for what people and bots type,
without its tables of top-level domains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.sandbox.telegram.entities import Entity, in_order, units
from bot.sandbox.telegram.mending import overlaps

_DOMAINS = (
    "com org net io dev app me de uk eu fr nl it es ch at pl ru info biz co ai cloud xyz site online tech gov edu "
    "int mil"
)
_URL = (
    r"(?:(?:https?|ftp|tg|ton)://(?:[^\s<>\"'@/]+@)?[\w.-]*\w(?::\d{1,5})?|(?<![\w@./-])(?:[\w-]+\.)+(?:"
    + "|".join(_DOMAINS.split())
    + r")(?::\d{1,5})?(?![\w@-]|\.\w))(?:[/?#][^\s<>\"]*)?"
)
_PATTERNS = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]+\.)+[a-zA-Z]{2,}(?![\w-])")),
    ("url", re.compile(_URL, re.IGNORECASE)),
    ("bot_command", re.compile(r"(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/<>@])")),
    ("mention", re.compile(r"(?<![\w@/])@[a-zA-Z0-9_]{4,32}(?![\w@])")),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])\w{1,256}(?:@[a-zA-Z0-9_]{3,32})?(?![\w#])")),
    ("cashtag", re.compile(r"(?<![\w$])\$(?:[A-Z]{3,8}|1INCH)(?![\w$])")),
    ("bank_card", re.compile(r"(?<![\w+.-])\d(?:[ -]?\d){12,18}(?![\w-])")),
)
_TRAILING = ".,:;!?)]}'\"…"


def detected(text: str, given: Iterable[Entity] = ()) -> list[Entity]:
    """`given` together with what is found outside code, quotes of code and links, in the API's order."""
    found = list(given)
    taken = [each for each in found if each.type in ("code", "pre", "text_link", "text_mention", "date_time")]
    for kind, pattern in _PATTERNS:
        for start, end in _matches(kind, pattern, text):
            offset = units(text[:start])
            entity = Entity(kind, offset, units(text[start:end]))
            if not any(overlaps(entity, each) for each in taken):
                found.append(entity)
                taken.append(entity)
    return in_order(found)


def _matches(kind: str, pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        start, end = match.span()
        if kind == "url":
            end = start + len(_without_tail(match.group()))
        if kind == "bank_card" and not _is_card(match.group()):
            continue
        if end > start:
            yield start, end


def _without_tail(url: str) -> str:
    while url and url[-1] in _TRAILING and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url


def _is_card(number: str) -> bool:
    digits = [int(char) for char in number if char.isdigit()][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and digits[-1] in (2, 3, 4, 5, 6, 9)
