import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.words import MOST_CHARACTERS, Words, read

NO_BREAK = "\u00a0"


def words(text: str) -> Words:
    found = read(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "/deploy shop v1.2",
        "/Deploy shop v1.2",
        "/DEPLOY shop v1.2",
        "/deploy  shop   v1.2",
        "/deploy shop v1.2.",
        "/deploy. shop. v1.2.",
        "/deploy shop, v1.2",
        "/deploy shop\nv1.2",
        "/deploy\tshop v1.2 ",
        f"/deploy shop{NO_BREAK}v1.2",
        "/deploy “shop” ‘v1.2’",
        "/deploy «shop» „v1.2“",
        "/deploy sh\u200bop v1.2",
        "/deploy\u200b shop \u202ev1.2\u202c",
        "\u200f/deploy shop v1.2",
    ],
)
def test_a_command_is_read_however_a_phone_writes_it(text: str) -> None:
    assert words(text) == Words("deploy", None, ("shop", "v1.2"))


@pytest.mark.parametrize(
    "text", ["", "shop", "deploy shop", "/", "/ deploy", "//deploy", "see /deploy", "/dep-loy x", "/é"]
)
def test_other_text_is_no_command(text: str) -> None:
    assert read(text) is None


def test_a_command_may_say_whom_it_addresses() -> None:
    assert words("/status@pilothouse_bot shop") == Words("status", "pilothouse_bot", ("shop",))


def test_pairs_are_named_arguments() -> None:
    found = words("/deploy env=staging App=shop version=v1.2")
    assert found.named == {"environment": "staging", "app": "shop", "version": "v1.2"}


@pytest.mark.parametrize("dashes", ["--", "—", "–"])
def test_set_survives_what_phones_make_of_two_dashes(dashes: str) -> None:
    found = words(f"/deploy shop {dashes}set a.b=1 {dashes}set=c=“x y”")
    assert found.sets == ("a.b=1", "c=x y")
    assert found.positional == ("shop",)


@pytest.mark.parametrize("word", ["--post-renderer=x", "-x", "-", "−f", "‑f", "—post-renderer"])
def test_what_begins_with_a_dash_is_an_option_and_no_argument(word: str) -> None:
    found = words(f"/deploy shop {word}")
    assert found.positional == ("shop",)
    assert len(found.flags) == 1


def test_a_quote_that_is_never_closed_is_a_character() -> None:
    assert words("/deploy shop Dana's").positional == ("shop", "Dana's")


def test_five_thousand_characters_are_too_long() -> None:
    assert words("/deploy " + "x" * 5000).too_long
    assert not words("/deploy " + "x" * (MOST_CHARACTERS - 8)).too_long


def test_terminal_codes_never_reach_an_argument() -> None:
    assert words("/deploy sh\x1b[31mop\x07 v1.2").positional == ("shop", "v1.2")


@given(st.text(max_size=300))
def test_reading_never_fails(text: str) -> None:
    read(text)
    found = read(f"/deploy {text}")
    if found is not None:
        assert not any(word.startswith("-") or "\n" in word for word in found.positional)
