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
        "/deploy shop v1.2!",
        "/deploy shop? v1.2…",
        "/deploy! shop; v1.2:",
        "/deploy (shop) [v1.2]",
        "/deploy `shop` *v1.2*",
        "/deploy shop → v1.2",
        "/deploy shop · v1.2",
        "/deploy shop - v1.2",
        "/deploy shop – v1.2",
        "/deploy shop — v1.2",
        "/deploy shop ➡️ v1.2 🚀",
        "/deploy shop v1.2 👍🏽",
        "/deploy shop v1.2 ...",
        "/deploy ｓｈｏｐ ｖ１．２",
        "/deploy shop\u2009v1.2\u202f",
        "/deploy shop\u3000v1.2",
        "/deploy sh\u200do\u200cp v1.2\ufeff",
        "/deploy\u2060 shop v1.2",
        "/deploy shop\r\n\r\nv1.2\n",
        "\n/deploy shop v1.2",
        "/deploy ‘shop’ v1.2",
    ],
)
def test_a_command_is_read_however_a_phone_writes_it(text: str) -> None:
    assert words(text) == Words("deploy", None, ("shop", "v1.2"))


@pytest.mark.parametrize(
    "text",
    ["", "shop", "deploy shop", "/", "/ deploy", "//deploy", "see /deploy", "/dep-loy x", "/é", "🚀 /deploy"],
)
def test_other_text_is_no_command(text: str) -> None:
    assert read(text) is None


def test_a_command_may_say_whom_it_addresses() -> None:
    assert words("/status@pilothouse_bot shop") == Words("status", "pilothouse_bot", ("shop",))


@pytest.mark.parametrize(
    "text",
    ["@pilothouse_bot /status shop", "@pilothouse_bot, /status shop", "@Pilothouse_Bot: /Status@x_y shop"],
)
def test_the_bot_may_be_mentioned_first(text: str) -> None:
    found = words(text)
    assert (found.command, found.positional) == ("status", ("shop",))
    assert found.addressee in ("pilothouse_bot", "x_y")


def test_what_is_set_keeps_its_signs() -> None:
    found = words("/deploy shop, --set a.b=(x)! --set c=*.")
    assert (found.positional, found.sets) == (("shop",), ("a.b=(x)!", "c=*"))


@pytest.mark.parametrize("lines", ["\n", "\r\n", "\n\n  "])
def test_of_several_commands_that_are_pasted_the_first_is_told_apart(lines: str) -> None:
    found = words(f"/deploy shop{lines}v1.2{lines}/deploy blog v1.0 --set a=b")
    assert found.more
    assert found == Words("deploy", None, ("shop", "v1.2"), more=True)
    assert not words("/logs shop\nsince=2h").more


def test_a_text_to_search_for_is_left_as_it_was_typed() -> None:
    assert words("/logs shop grep=/a(b)/ (c)!").typed == ("shop", "grep=/a(b)/", "(c)!")


def test_pairs_are_named_arguments() -> None:
    found = words("/deploy env=staging App=shop version=v1.2")
    assert found.named == {"environment": "staging", "app": "shop", "version": "v1.2"}


@pytest.mark.parametrize("dashes", ["--", "—", "–"])
def test_set_survives_what_phones_make_of_two_dashes(dashes: str) -> None:
    found = words(f"/deploy shop {dashes}set a.b=1 {dashes}set=c=“x y”")
    assert found.sets == ("a.b=1", "c=x y")
    assert found.positional == ("shop",)


@pytest.mark.parametrize("word", ["--post-renderer=x", "-x", "−f", "‑f", "—post-renderer"])
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
