import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.loglines import IN_MESSAGE, LONGEST, MOST, USUAL, Look, lines_of, newest, pattern, read_look
from bot.commands.words import read
from bot.masking import HIDDEN, Masker
from bot.planning.errors import PlanRefused

MASK = Masker(["hunter2-of-shop"]).mask_text
KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n" * 20
    + "-----END PRIVATE KEY-----"
)


def shown(text: str, **look: object) -> list[str]:
    return lines_of(text, MASK, Look(**look))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("\x1b[31mERROR\x1b[0m it failed", "ERROR it failed"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
        ("\x1b]0;a title\x1b\\ready", "ready"),
        ("10%\r50%\r100%", "100%"),
        ("100%\r", "100%"),
        ("user \u202egnp.exe\u2066", "user gnp.exe"),
        ("a\x00b\x07c", "a b c"),
        ("ends as on Windows\r\n", "ends as on Windows"),
        ("grün und 東京", "grün und 東京"),
    ],
)
def test_what_would_disturb_a_screen_is_gone(written: str, seen: str) -> None:
    assert shown(written) == [seen]


def test_a_secret_is_hidden_though_colours_stand_in_it() -> None:
    assert shown("password=hunter2\x1b[0m-of-shop") == [f"password={HIDDEN}"]


def test_a_secret_of_many_lines_is_hidden_though_fewer_are_shown() -> None:
    found = shown(f"{KEY}\nready", tail=3)
    assert found == [HIDDEN, "ready"]


def test_a_secret_is_not_found_by_searching_for_it() -> None:
    assert shown("password=hunter2-of-shop\nother", grep="hunter2") == []
    assert shown("password=hunter2-of-shop\nother", grep="/h.nter2/") == []


def test_the_last_lines_are_the_ones_that_are_shown() -> None:
    text = "\n".join(f"line {number}" for number in range(1000))
    assert shown(text)[0] == f"line {1000 - USUAL}"
    assert shown(text, tail=2) == ["line 998", "line 999"]
    assert shown(text, grep="line 1", tail=2) == ["line 198", "line 199"]


def test_the_newest_lines_stay_where_a_message_ends() -> None:
    lines = [f"{number} " + "x" * 500 for number in range(100)]
    found = newest(lines, IN_MESSAGE)
    assert found[-1].startswith("99 ")
    assert len("\n".join(found)) <= IN_MESSAGE
    assert max(map(len, found)) == LONGEST


@pytest.mark.parametrize(
    ("grep", "line", "found"),
    [
        ("error", "An ERROR came", True),
        ("a.c", "abc", False),
        ("/a.c/", "xABCx", True),
        ("/error|fail/", "it failed", True),
        ("/", "a/b", True),
        ("//", "a//b", True),
        ("[x", "an [x", True),
    ],
)
def test_a_search_is_for_a_text_and_between_slashes_for_an_expression(
    grep: str, line: str, found: bool
) -> None:
    assert pattern(grep)(line) is found


def test_no_expression_takes_long() -> None:
    matches = pattern("/(a+)+$/")
    began = time.thread_time()
    assert not matches("a" * 100_000 + "b")
    assert time.thread_time() - began < 1


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(PlanRefused, match="no regular expression"):
        pattern("/(a/")
    with pytest.raises(PlanRefused, match="no regular expression"):
        pattern("/(a)\\1/")


@pytest.mark.parametrize(
    "text",
    [
        "since=soon",
        "since=0s",
        "tail=0",
        "tail=-1",
        f"tail={MOST + 1}",
        "tail=٣",
        "grep=",
        "colour=red",
        "a b c",
    ],
)
def test_options_that_make_no_sense_say_what_would(text: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_look(text.split())
    assert refused.value.advice


WORDS = st.lists(st.sampled_from(["x2k4p", "shop-5f7d9-x2k4p", "web"]), max_size=2).map(tuple)
GREPS = st.sampled_from(["", "error", "two words", 'say "it"', "/a|b/", "it's", "$(reboot)", "a=b"])


@given(
    WORDS,
    st.sampled_from(["", "10m", "2h"]),
    st.integers(0, MOST),
    GREPS,
    st.sampled_from(["", "previous", "current"]),
)
def test_a_button_asks_for_the_very_same_lines(
    words: tuple[str, ...], since: str, tail: int, grep: str, run: str
) -> None:
    look = Look(words, since, tail, grep, run)
    typed = read(look.command("shop", "staging"))
    assert typed is not None
    assert typed.positional[:2] == ("shop", "staging")
    assert read_look(typed.typed[2:]) == look
