"""Messages in plain text, as transcripts print them and scripts look at them."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.sandbox.seeing import begins, marked, plain
from bot.sandbox.telegram import Message
from bot.sandbox.telegram.entities import Entity


def message(text: str, *entities: Entity) -> Message:
    return Message(1, 1, datetime(2026, 11, 25, tzinfo=UTC), text=text, entities=entities)


def test_spaces_that_hold_words_together_are_spaces() -> None:
    assert plain(message("shop\u00a0v1.2 ⚠\ufe0f")) == "shop v1.2 ⚠"


def test_a_label_begins_so_in_any_case() -> None:
    assert begins("Deploy\u00a0to staging", "deploy to")
    assert not begins("Re-deploy", "deploy")


def test_code_is_marked_where_it_stands_also_after_signs_of_two_units() -> None:
    assert marked(message("🚀 exit 1\nKeyError", Entity("code", 3, 6), Entity("code", 10, 8))) == [
        "🚀 `exit 1`",
        "`KeyError`",
    ]


def test_quotes_and_blocks_have_a_bar_and_long_foldable_quotes_are_folded() -> None:
    text = "head\nq1\nq2\nq3\nq4\nq5\ntail"
    quote = Entity("expandable_blockquote", 5, 14)
    assert marked(message(text, quote)) == ["head", "▸ q1", "▸ q2", "▸ q3", "▸ … 2 more lines", "tail"]
    assert marked(message("a\nb", Entity("pre", 2, 1))) == ["a", "│ b"]
    assert marked(message("")) == []
