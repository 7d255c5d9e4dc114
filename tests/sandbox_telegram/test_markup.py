"""Telegram's HTML and what it finds by itself, in plain functions."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.telegram.detecting import detected
from bot.sandbox.telegram.entities import Entity, units
from bot.sandbox.telegram.errors import Refusal
from bot.sandbox.telegram.formatting import Formatted, cleaned
from bot.sandbox.telegram.html import parse_html


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("a <br> b", 'Unsupported start tag "br" at byte offset 2'),
        ("→ <x>", 'Unsupported start tag "x" at byte offset 4'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a_b>y</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_mistakes_are_told_with_their_place(source: str, mistake: str) -> None:
    with pytest.raises(Refusal) as raised:
        parse_html(source)
    assert raised.value.description == f"Bad Request: can't parse entities: {mistake}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<B>x</b>", "x", [Entity("bold", 0, 1)]),
        ("<b>x</>", "x", [Entity("bold", 0, 1)]),
        ("😀<i>x</i>", "😀x", [Entity("italic", 2, 1)]),
        ("&lt;b&gt; &amp;amp; &#8594; &#x2192; &nbsp; &quot", '<b> &amp; → → &nbsp; "', []),
        ("<b></b>x", "x", []),
        ("&#" + "9" * 5000, "&#" + "9" * 5000, []),
        (
            '<a href="https://example.org/?a=1&amp;b=2">x</a>',
            "x",
            [Entity("text_link", 0, 1, url="https://example.org/?a=1&b=2")],
        ),
        ('<a href="javascript:1">x</a>', "x", []),
        ("<a href='tg://user?id=11'>Dana</a>", "Dana", [Entity("text_mention", 0, 4, user_id=11)]),
        (
            '<pre><code class="language-yaml">a: 1</code></pre>',
            "a: 1",
            [Entity("pre", 0, 4, language="yaml")],
        ),
        (
            '<code class="language-yaml"><pre>a: 1</pre></code>',
            "a: 1",
            [Entity("pre", 0, 4, language="yaml")],
        ),
        ('<code class="language-yaml">a</code>', "a", [Entity("code", 0, 1)]),
        ("<pre><code>a</code></pre>", "a", [Entity("code", 0, 1), Entity("pre", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [Entity("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [Entity("spoiler", 0, 1)]),
        (
            '<tg-time unix="1700000000" format="t">14:02</tg-time>',
            "14:02",
            [Entity("date_time", 0, 5, unix_time=1700000000, date_time_format="t")],
        ),
    ],
)
def test_tags_become_entities(source: str, text: str, entities: list[Entity]) -> None:
    assert parse_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/deploy shop v1.2", [("bot_command", "/deploy")]),
        ("see /status@pilothouse_bot, please", [("bot_command", "/status@pilothouse_bot")]),
        ("a/b and </c> and //d", []),
        ("ask @dana_ops or x@example.org", [("mention", "@dana_ops"), ("email", "x@example.org")]),
        ("https://example.org/a?b=c. Done", [("url", "https://example.org/a?b=c")]),
        ("(see example.org)", [("url", "example.org")]),
        ("v1.2 and values.yaml", []),
        ("#release $ACME #1", [("hashtag", "#release"), ("cashtag", "$ACME")]),
    ],
)
def test_telegram_finds_things_by_itself(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each.type, each.part(text)) for each in detected(text)] == found


def test_nothing_is_found_inside_code() -> None:
    assert detected("/deploy now", [Entity("code", 0, 7)]) == [Entity("code", 0, 7)]


def test_texts_are_trimmed_and_entities_move_along() -> None:
    formatted = cleaned("  \n x\r\ny\x07 \n", [Entity("bold", 4, 4)])
    assert (formatted.text, formatted.entities) == ("x\ny", (Entity("bold", 0, 3),))


@pytest.mark.parametrize("text", [" \n\t", "\u200b", "\u2800 \u3000", "\ufeff\u2060"])
def test_a_text_of_which_nobody_sees_anything_is_empty(text: str) -> None:
    assert cleaned(text, [Entity("bold", 0, 1)]) == Formatted("")


def test_the_left_trim_stops_at_the_first_entity() -> None:
    formatted = cleaned("   x", [Entity("code", 1, 2)])
    assert (formatted.text, formatted.entities) == ("  x", (Entity("code", 0, 2),))


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("<b>a<b>b</b></b><b>c</b>", [("bold", 0, 3)]),
        ("<b>a<code>b</code>c</b>", [("bold", 0, 1), ("code", 1, 1), ("bold", 2, 1)]),
        ("<b><a href='example.org'>a</a></b>", [("text_link", 0, 1), ("bold", 0, 1)]),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", [("blockquote", 0, 2)]),
        ("<pre><code>a</code></pre>", [("pre", 0, 1)]),
    ],
)
def test_overlaps_are_mended(source: str, kinds: list[tuple[str, int, int]]) -> None:
    found = cleaned(*parse_html(source)).entities
    assert [(each.type, each.offset, each.length) for each in found] == kinds


def test_more_than_a_hundred_entities_are_dropped_silently() -> None:
    text, entities = parse_html("<b>x</b>y" * 130)
    assert len(cleaned(text, entities).entities) == 100


@given(st.text(alphabet=st.one_of(st.sampled_from('<>/&;#x"= bi'), st.characters(exclude_categories=["Cs"]))))
def test_any_text_is_parsed_or_refused_in_words(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except Refusal as refusal:
        text, entities = "", []
        words = refusal.description
    else:
        words = ""
    assert not words or words.startswith("Bad Request: can't parse entities: ")
    assert all(0 <= each.offset < each.end <= units(text) for each in entities)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_escaped_text_comes_out_as_it_was(text: str) -> None:
    assert parse_html(escape(text, quote=False)) == (text, [])
