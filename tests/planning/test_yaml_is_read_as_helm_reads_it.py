"""Every reading of a scalar is compared with the Helm SDK's own, which is what would run."""

import contextlib
import json
from typing import Any

import helm_python
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.planning.documents import DEEPEST, MOST_COPIES, Invalid, load_all

WORDS = """yes Yes YES on off no y n Y N true True TRUE false ~ null Null NULL maybe yEs nO"""
NUMBERS = """
.0_0 .0__0 ._0 .0_ -.0_0 0 -0 00 08 1 +1 -1 0755 -0755 +0755 0o755 0O7 -0o7 0o 0O -0o +0o 0_
0x1F 0X1F -0x1F 0x 0b11 0B11 -0b11
1_000 1__0 _1 1.0 1. 1.5 .5 -.5 +1.5 1e3 1E3 1e+3 1.5e3 1e 0.1e-3 1_000.5 1e21 1e30 1e1000 0xFFFFFFFFFFFFFFFFFF
1e20 -1e20 -1e21 999999999999999999999.0
"""
OTHERS = """2024-01-01 2001-12-14t21:59:43.10-05:00 12:30 190:20:30 1:30.5 = << v1.10"""


def helm(text: str) -> Any:
    """What Helm makes of values."""
    return helm_python.values_from_yaml(text)


@pytest.mark.parametrize("plain", f"{WORDS} {NUMBERS} {OTHERS}".split())
def test_a_plain_scalar_is_what_helm_takes_it_for(plain: str) -> None:
    (ours,) = load_all(f"a: {plain}\n")
    assert repr(ours) == repr(helm(f"a: {plain}\n"))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789+-._eExXobBnyYaf:", min_size=1, max_size=8))
def test_no_scalar_is_read_otherwise_than_by_helm(plain: str) -> None:
    try:
        theirs = helm(f"a: {plain}\n")
    except helm_python.HelmError:
        return  # what Helm refuses fails in the render anyway
    (ours,) = load_all(f"a: {plain}\n")
    # The SDK hands values over as JSON with doubles; we keep whole numbers whole.
    assert json.loads(json.dumps(ours), parse_int=float) == json.loads(json.dumps(theirs), parse_int=float)


@pytest.mark.parametrize(
    "text",
    [
        "1: a",
        "true: a",
        "yes: a",
        "1.5: a",
        "1e3: a",
        "0755: a",
        "2024-01-01: a",
        "a: 1\na: 2",
        "a: !foo x",
        "a: !!str 1",
        "a: !!int '5'",
        "a: !!binary aGk=",
        "a: 'yes'",
        "base: &b {a: 1, c: 1}\nmore: {<<: *b, c: 2}",
        "a: |\n  x\n",
        "a:",
    ],
)
def test_keys_tags_merges_and_duplicates_are_read_as_helm_does(text: str) -> None:
    assert load_all(f"{text}\n") == [helm(f"{text}\n")]


@pytest.mark.parametrize(
    "text",
    ["a: .inf", "a: .nan", "~: a", "[1, 2]: a", "a: &a [*a]", "a: *b", "a: {<<: 5}", "a: {<<: [{}, 5]}"],
)
def test_what_helm_refuses_is_refused_with_the_line(text: str) -> None:
    with pytest.raises(helm_python.HelmError):
        helm(text)
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        load_all(f"first: 1\n{text}\n")
    mark = caught.value.problem_mark
    assert mark is not None
    assert mark.line == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9007199254740993", 9007199254740993),
        ("9223372036854775809", 9223372036854775809),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551617", 18446744073709551616),
        ("+9223372036854775807", 9223372036854775807),
        ("+9223372036854775809", 9223372036854775808),
        ("-9223372036854775807", -9223372036854775807),
        ("-9223372036854775809", -9223372036854775808),
    ],
)
def test_whole_numbers_stay_whole_as_far_as_64_bits_hold_them(text: str, number: int) -> None:
    """Those that a double can't tell apart are compared with nobody: the SDK hands doubles over."""
    assert repr(load_all(f"a: {text}")) == repr([{"a": number}])


def test_a_yaml_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(yaml.MarkedYAMLError, match=f"{MOST_COPIES:,}"):
        load_all("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "{a: " * 500 + "1" + "}" * 500, "- " * 5000 + "x"])
def test_text_that_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_all(text)


def test_two_places_never_share_what_an_alias_stands_for() -> None:
    (values,) = load_all("web: &d {replicas: 1}\nworker: *d\n")
    values["web"]["replicas"] = 2
    assert values["worker"] == {"replicas": 1}


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_as_invalid_yaml(text: str) -> None:
    with contextlib.suppress(yaml.YAMLError):
        load_all(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: .inf", ".inf is no value that JSON knows"),
        ("~: a", "a key can't be null"),
        ("? [1, 2]\n: a", "a key can't be a list or a mapping"),
        ("? {b: c}\n: a", "a key can't be a list or a mapping"),
        ("a: &a [*a]", "an anchor contains itself"),
        ("a: &a {b: *a}", "an anchor contains itself"),
        ("a: {<<: 5}", "<< needs a mapping, or a list of them"),
        ("a: {<<: [{}, 5]}", "<< needs a mapping, or a list of them"),
        (f"a: {'[' * DEEPEST}{']' * DEEPEST}", f"nested deeper than {DEEPEST} levels"),
    ],
)
def test_each_refusal_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        load_all(f"first: 1\n{text}\n")
    assert caught.value.problem == problem
    mark = caught.value.problem_mark
    assert mark is not None
    assert mark.line == 1


def test_as_many_levels_are_read_as_anything_published_has() -> None:
    assert load_all(f"a: {'[' * (DEEPEST - 1)}{']' * (DEEPEST - 1)}") != []


def test_several_mappings_are_brought_in_the_first_before_the_others() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\n"
    assert load_all(text)[0]["z"] == helm(text)["z"] == {"a": 1, "b": 1, "c": 3}
