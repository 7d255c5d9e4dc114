import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import HIDDEN
from bot.planning import paths
from bot.planning.errors import PlanRefused


@pytest.mark.parametrize("values", [{}, {"web": {}}, {"web": None}, {"web": {"image": None}}])
def test_mappings_on_the_way_are_made(values: dict[str, object]) -> None:
    paths.put(values, "web.image.tag", "v1")
    assert values == {"web": {"image": {"tag": "v1"}}}


@pytest.mark.parametrize("value", ["text", 5, [1], False, 0])
def test_nothing_is_put_into_what_is_no_mapping(value: object) -> None:
    with pytest.raises(PlanRefused, match=r"^web\.tag can't be set: web is not a mapping in the values$"):
        paths.put({"web": value}, "web.tag", "v1")


def test_what_is_put_is_found_and_what_is_not_there_is_none() -> None:
    assert paths.get({"a": {"b": 1}}, "a.b") == 1
    assert paths.get({"a": {"b": 1}}, "a.c") is None
    assert paths.get({"a": 1}, "a.b.c") is None


def test_layers_replace_lists_and_merge_mappings() -> None:
    below = {"a": {"x": 1, "y": [1, 2]}, "b": 1, "c": {"z": 1}}
    above = {"a": {"y": [3]}, "b": {"new": 1}, "c": None}
    assert paths.merged(below, above) == {"a": {"x": 1, "y": [3]}, "b": {"new": 1}, "c": None}
    assert below == {"a": {"x": 1, "y": [1, 2]}, "b": 1, "c": {"z": 1}}


def test_every_text_below_is_found() -> None:
    assert paths.leaves({"a": ["x", 5, None, True], "b": {"c": "y", "d": 1.5}}) == ["x", "5", "y", "1.5"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3) | st.lists(below, max_size=2),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_a_layer_over_itself_changes_nothing_and_the_topmost_wins(
    one: paths.Values, two: paths.Values, three: paths.Values
) -> None:
    assert paths.merged(one, one) == one
    assert paths.merged(one, {}) == one == paths.merged({}, one)
    top = paths.merged(paths.merged(one, two), three)
    assert all(top[key] == value for key, value in three.items() if not isinstance(value, dict))


def test_a_path_is_written_with_dots_and_names_that_hold_dots_in_quotes() -> None:
    assert paths.spelled(("web", "a.b", "c")) == 'web."a.b".c'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("a", "b"), 1),
        (("a",), {"b": 1}),
        ((), {"a": {"b": 1}, "c": 2}),
        (("a", "x"), None),
        (("c", "x", "y"), None),
    ],
)
def test_a_value_is_found_by_its_path(path: paths.Path, value: object) -> None:
    assert paths.at({"a": {"b": 1}, "c": 2}, path) == value


def test_ends_are_what_is_no_mapping_where_something_in_it_is_wanted() -> None:
    values: dict[str, object] = {"a": {"b": 1, "c": ["x", {"d": "secret"}]}, "e": None, "f": {}, "g": []}
    assert paths.ends(values) == {("a", "b"), ("a", "c"), ("e",)}
    assert paths.ends(values, lambda value: value == "secret") == {("a", "c")}
    assert paths.ends(values, lambda value: value is None) == {("e",)}


def test_what_is_among_others_or_below_them_is_not_outside() -> None:
    some = frozenset({("a",), ("b", "c"), ("d", "e", "f"), ("g",)})
    assert paths.outside(some, frozenset({("a",), ("d", "e"), ("g", "h")})) == {("b", "c"), ("g",)}
    assert paths.outside(some, some) == frozenset()


def test_what_is_hidden_is_hidden_with_all_below_it_and_in_a_copy() -> None:
    values = {"a": {"b": 1, "c": {"d": 2}}, "e": [3], "f": {"b": 4}}
    shown = paths.hidden(values, frozenset({("a", "c"), ("e",), ("b",)}))
    assert shown == {"a": {"b": 1, "c": HIDDEN}, "e": HIDDEN, "f": {"b": 4}}
    assert values == {"a": {"b": 1, "c": {"d": 2}}, "e": [3], "f": {"b": 4}}


def test_scalars_are_found_in_order_at_any_depth() -> None:
    assert list(paths.scalars({"a": [1, {"b": None}], "c": {"d": "x"}})) == [1, None, "x"]
    assert list(paths.scalars("x")) == ["x"]
