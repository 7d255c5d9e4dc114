"""Telegram's two Markdowns, for bots that do not write HTML."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.telegram.entities import Entity, units
from bot.sandbox.telegram.errors import Refusal
from bot.sandbox.telegram.formatting import Formatted, cleaned
from bot.sandbox.telegram.markdown import parse_markdown, parse_markdown_v2
from tests.sandbox_telegram.conftest import DANA, Raw

Parts = list[tuple[str, str]]


def parts(text: str, entities: list[Entity]) -> Parts:
    """What is marked up, in order."""
    return [
        (each.type, each.part(text))
        for each in sorted(entities, key=lambda each: (each.offset, -each.length))
    ]


@pytest.mark.parametrize(
    ("source", "text", "marked"),
    [
        ("*b* _i_ `c`", "b i c", [("bold", "b"), ("italic", "i"), ("code", "c")]),
        ("_a*b_", "a*b", [("italic", "a*b")]),
        ("snake\\_case \\a", "snake_case \\a", []),
        ("🛟 *b*", "🛟 b", [("bold", "b")]),
        ("[run](https://example.org/1)", "run", [("text_link", "run")]),
        ("[example.org] **", "example.org ", [("text_link", "example.org")]),
        ("[Lee](tg://user?id=12)", "Lee", [("text_mention", "Lee")]),
        ("[run](nowhere)", "run", []),
        ("```\na_b\n```", "a_b\n", [("pre", "a_b\n")]),
    ],
)
def test_the_old_markdown(source: str, text: str, marked: Parts) -> None:
    found, entities = parse_markdown(source)
    assert (found, parts(found, entities)) == (text, marked)


@pytest.mark.parametrize(
    ("source", "text", "marked"),
    [
        ("*b _i __u___*", "b i u", [("bold", "b i u"), ("italic", "i u"), ("underline", "u")]),
        ("~s~ ||p||", "s p", [("strikethrough", "s"), ("spoiler", "p")]),
        ("1\\.2 \\_ \\\\", "1.2 _ \\", []),
        ("`a_b\\`` c", "a_b` c", [("code", "a_b`")]),
        ("```py\nif a*b: pass\n```", "if a*b: pass\n", [("pre", "if a*b: pass\n")]),
        ("[r_u_n](https://example.org/\\))", "run", [("text_link", "run"), ("italic", "u")]),
        ("![👍](tg://emoji?id=5)", "👍", [("custom_emoji", "👍")]),
        ("![noon](tg://time?unix=1795000000&format=t)", "noon", [("date_time", "noon")]),
        ("a\n>q\n>w\nb", "a\nq\nw\nb", [("blockquote", "q\nw")]),
        (">q\n>w||\nb", "q\nw\nb", [("expandable_blockquote", "q\nw")]),
        (">a\n**>b||", "a\nb", [("blockquote", "a"), ("expandable_blockquote", "b")]),
    ],
)
def test_the_new_markdown(source: str, text: str, marked: Parts) -> None:
    found, entities = parse_markdown_v2(source)
    assert (found, parts(found, entities)) == (text, marked)


def test_code_keeps_its_language() -> None:
    for parse in (parse_markdown, parse_markdown_v2):
        _, (entity,) = parse("```python\r\nx```")
        assert (entity.type, entity.language, entity.length) == ("pre", "python", 1)


@pytest.mark.parametrize(
    ("mode", "source", "mistake"),
    [
        ("Markdown", "🛟 *b", "Can't find end of the entity starting at byte offset 5"),
        ("MarkdownV2", "1.2", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("MarkdownV2", "a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("MarkdownV2", "a | b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("MarkdownV2", "🛟 *b", "Can't find end of Bold entity at byte offset 5"),
        ("MarkdownV2", "```py\nx", "Can't find end of PreCode entity at byte offset 0"),
        ("MarkdownV2", ">*b\nc*", "Can't find end of Bold entity at byte offset 1"),
        ("MarkdownV2", "[a](b", "Can't find end of a URL at byte offset 4"),
        ("MarkdownV2", "![a]", "Custom emoji entity must contain a tg://emoji URL"),
    ],
)
async def test_mistakes_are_told_in_telegrams_words(raw: Raw, mode: str, source: str, mistake: str) -> None:
    error = await raw.error("sendMessage", chat_id=DANA, text=source, parse_mode=mode)
    assert error == f"Bad Request: can't parse entities: {mistake}"


@pytest.mark.parametrize("parse", [parse_markdown, parse_markdown_v2])
@given(source=st.text(alphabet="ab _*[]()~`>!|\\\n🛟", max_size=40))
def test_any_text_is_parsed_or_refused_in_words(
    parse: Callable[[str], tuple[str, list[Entity]]], source: str
) -> None:
    try:
        formatted = cleaned(*parse(source))
    except Refusal as refusal:
        formatted, words = Formatted(""), refusal.description
    else:
        words = ""
    assert not words or words.startswith("Bad Request: can't parse entities: ")
    assert all(0 <= each.offset < each.end <= units(formatted.text) for each in formatted.entities)
