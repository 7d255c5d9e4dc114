"""Any text can be shown, and is cut only where Telegram would have it."""

from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.text import bar, clean, clip, escape, length, mapped, plain, split, width


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_escaped_text_is_seen_as_it_was(text: str) -> None:
    assert plain(escape(text)) == text


@given(st.lists(st.sampled_from(["<b>x</b>", "<i>", "</i>", "word ", "\n", "&lt;", "😀", "é"]), max_size=120))
def test_parts_fit_and_together_say_the_whole(pieces: list[str]) -> None:
    html = "".join(pieces)
    parts = split(html, 20)
    assert all(length(part) <= 20 for part in parts)
    said = "".join(plain(part) for part in parts)
    assert "".join(said.split()) == "".join(plain(html).split())


def test_tags_are_closed_and_opened_again() -> None:
    parts = split("<pre><code>" + "\n".join(["0123456789"] * 5) + "</code></pre>", 25)
    assert parts[0] == "<pre><code>0123456789\n0123456789</code></pre>"
    assert all(part.startswith("<pre><code>") and part.endswith("</code></pre>") for part in parts)


def test_a_hundred_thousand_lines_are_split_in_time() -> None:
    assert len(split("\n".join(["x" * 40] * 2500))) == 26


def test_hostile_text_becomes_one_clean_line() -> None:
    hostile = "a\x1b[31mred\x1b[0m\r\nb\u202eevil\u200b\x00c\td"
    assert clean(hostile, lines=False) == "ared bevil c d"


def test_text_is_changed_and_markup_is_not() -> None:
    html = '<b>a&amp;b</b><a href="http://x/a&amp;b">a</a>'
    assert mapped(html, lambda text: text.replace("a&b", "<gone>")) == (
        '<b>&lt;gone&gt;</b><a href="http://x/&lt;gone&gt;">a</a>'
    )


def test_cells_are_counted_as_a_terminal_does() -> None:
    assert width("日本") == 4
    assert clip("日本語", 5) == "日本…"
    assert bar(1, 2, 4) == "■■□□"
