"""Scripts are read whole before anything starts, and every mistake is told with its place."""

from __future__ import annotations

import pytest

from bot.sandbox.script import Expect, Press, Say, ScriptInvalid, parse_script


def test_steps_know_their_number_and_line() -> None:
    steps = parse_script(
        '# a comment\n- {as: dana, in: team, say: "hi"}\n\n- as: dana\n  in: team\n  press: Go\n'
    )
    assert [(each.number, each.line) for each in steps] == [(1, 2), (2, 4)]
    assert isinstance(steps[0].step, Say)
    assert isinstance(steps[1].step, Press)


def test_an_expectation_has_fifteen_seconds_unless_it_says_otherwise() -> None:
    steps = parse_script(
        "- {as: a, in: b, expect: {text: x}}\n- {as: a, in: b, expect: {text: x, within: 2m}}"
    )
    assert [each.step.expect.within for each in steps if isinstance(each.step, Expect)] == [15.0, 120.0]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{as: dana, in: team, shout: hi}", "one of say, press, reply, expect"),
        ("{as: dana, in: team, say: hi, press: ho}", "one of say, press, reply, expect"),
        ("{as: dana, say: hi}", "in: Field required"),
        ("{as: dana, in: team, expect: {}}", "names no condition"),
        ("{as: dana, in: team, expect: {within: 3s}}", "names no condition"),
        ("{as: dana, in: team, expect: {nothing: 3s, text: x}}", "nothing stands alone"),
        ("{as: dana, in: team, expect: {text: '('}}", "no regular expression"),
        ("{as: dana, in: team, expect: {text: x, within: 3 parsecs}}", "should be a duration"),
        ("{as: dana, in: team, expect: {txt: x}}", "expect.txt: Extra inputs are not permitted"),
        ("{cluster: {image: shop, behaves: crash}}", "image: String should match pattern"),
        ("{cluster: {image: 'registry/shop:v9', behaves: sulk}}", "behaves: Input should be"),
        ("{cluster: {explode: now}}", "cluster should be a mapping with one of image, down, delete"),
        ("{telegram: {refuse: 429}}", "for: Field required"),
        ("{bot: feed}", "Input should be 'kill'"),
        ("{wait: soon}", "should be a duration"),
        ("just text", "should be a mapping"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_step(step: str, words: str) -> None:
    with pytest.raises(ScriptInvalid) as caught:
        parse_script(f"- {{wait: 1s}}\n- {step}\n", "tour.yaml")
    assert str(caught.value).startswith("tour.yaml:2: step 2: ")
    assert words in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ScriptInvalid) as caught:
        parse_script("- {wait: soon}\n- {bot: feed}\n")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "a: b", "- [", "text"])
def test_what_is_no_list_of_steps_is_refused(text: str) -> None:
    with pytest.raises(ScriptInvalid):
        parse_script(text)
