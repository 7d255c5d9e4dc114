"""Which values are one and the same to an API server, however they are spelled."""

from decimal import Decimal
from typing import Any

import pytest

from bot.planning.differences import MISSING
from bot.planning.straying import alike, covers, quantity


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (80, "80", True),
        (80, "81", False),
        ("1", "1000m", True),
        ("1000m", 1, True),
        ("1Gi", "1024Mi", True),
        ("1Gi", "1G", False),
        ("text", "other", False),
        ("text", 1, False),
        (True, True, True),
        (True, "true", True),
        ("False", False, True),
        (True, False, False),
        (True, 1, False),
        (1, True, False),
        (0, False, False),
        (True, "yes", False),
        (False, None, False),
        (MISSING, {}, True),
        ([], MISSING, True),
        (MISSING, 0, True),
        (MISSING, False, True),
        (MISSING, {"a": {"b": None}}, True),
        (MISSING, {"a": {"b": 1}}, False),
        (MISSING, 1, False),
        ("x", MISSING, False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, "{'a': 1}", False),
        ("[1]", [1], False),
    ],
)
def test_values_are_alike_that_are_the_same_to_the_server(one: Any, other: Any, same: bool) -> None:
    assert alike(one, other) is same


@pytest.mark.parametrize("place", ["labels", "annotations", "data", "binaryData", "env"])
def test_a_text_is_a_text_where_any_may_stand(place: str) -> None:
    assert alike("1", "1000m", ("spec", "limits", "cpu"))
    assert not alike("1", "1000m", ("metadata", place, "a"))
    assert alike("1", 1, ("metadata", place, "a"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        (5, "5"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1", "-1"),
        ("+1", "1"),
        ("100n", "1e-7"),
        ("100u", "1e-4"),
        ("1500m", "1.5"),
        ("2k", "2000"),
        ("2M", "2e6"),
        ("2G", "2e9"),
        ("2T", "2e12"),
        ("2P", "2e15"),
        ("2E", "2e18"),
        ("2Ki", "2048"),
        ("2Mi", "2097152"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1E-2", "0.01"),
        ("1e3m", None),
        ("1KiB", None),
        ("", None),
        ("m", None),
        ("one", None),
    ],
)
def test_resource_quantities_are_numbers(text: Any, number: str | None) -> None:
    assert quantity(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("live", "said", "has"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, {"a": 1, "b": {}}, True),
        ({"a": {"b": "1", "c": 2}}, {"a": {"b": 1}}, True),
        ([{"a": 1, "b": 2}], [{"a": 1}], True),
        ([{"a": 1}, {"a": 2}], [{"a": 1}], False),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], False),
        ([1, 2], [1, 2], True),
        ([1], {"a": 1}, False),
        ("a", ["a"], False),
        ({"a": 1}, [1], False),
        (5, None, True),
        ({"cpu": "1000m"}, {"cpu": 1}, True),
        ({"labels": {"a": "1000m"}}, {"labels": {"a": "1"}}, False),
        ({"data": [{"a": "1000m"}]}, {"data": [{"a": "1"}]}, False),
    ],
)
def test_a_value_covers_what_is_said_of_it(live: Any, said: Any, has: bool) -> None:
    assert covers(live, said) is has
