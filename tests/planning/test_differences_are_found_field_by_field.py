"""Two sets of objects are walked together as far down as they are alike, and shown as YAML that people read."""

from typing import Any

import pytest

from bot.planning.differences import (
    MISSING,
    ObjectChange,
    compare,
    count_lines,
    field_changes,
    merge_key,
    to_yaml,
    unified,
)
from bot.planning.documents import load_all
from tests.planning.objects import objects


def changes(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    """Where two values differ, what is missing as "-"."""

    def side(value: Any) -> Any:
        return "-" if value is MISSING else value

    return [(str(each), side(each.old), side(each.new)) for each in field_changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (1, 1, []),
        (1, 2, [("", 1, 2)]),
        (1, True, [("", 1, True)]),
        (1, 1.0, [("", 1, 1.0)]),
        ("1", 1, [("", "1", 1)]),
        ({"a": None}, {}, [("a", None, "-")]),
        ({}, {"a": None}, [("a", "-", None)]),
        ({"a": 1, "b": 2}, {"c": 3, "b": 4}, [("a", 1, "-"), ("b", 2, 4), ("c", "-", 3)]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, [("a.b.c", 1, 2)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("a", {"b": 1}, [1])]),
        ({"a": 5}, {"a": [1]}, [("a", 5, [1])]),
        ({1: "a"}, {1: "b"}, [("1", "a", "b")]),
    ],
)
def test_mappings_differ_by_their_keys(old: Any, new: Any, found: list[tuple[str, Any, Any]]) -> None:
    assert changes(old, new) == found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([], [], []),
        ([1, 2], [1, 2], []),
        ([1, 2], [2, 1], [("x", [1, 2], [2, 1])]),
        ([], [{"name": "a"}], [("x.a", "-", {"name": "a"})]),
        ([{"name": "a", "v": 1}, {"name": "b"}], [{"name": "b"}, {"name": "a", "v": 2}], [("x.a.v", 1, 2)]),
        ([{"name": "a"}], [{"port": 1}], [("x", [{"name": "a"}], [{"port": 1}])]),
        ([{"name": "a"}], ["a"], [("x", [{"name": "a"}], ["a"])]),
        ([{"v": 1}], [{"v": 1}], []),
        ([{"v": 1}], [{"v": 2}], [("x", [{"v": 1}], [{"v": 2}])]),
        ([{"port": 80}], [{"port": 81}], [("x.80.port", 80, 81)]),
        ([{"containerPort": 80}], [{"containerPort": 81}], [("x.80.containerPort", 80, 81)]),
        ([{"mountPath": "/a"}], [{"mountPath": "/b"}],
         [("x./a", {"mountPath": "/a"}, "-"), ("x./b", "-", {"mountPath": "/b"})]),
        ([{"port": 80}], [{"port": 81}, {"port": 82}],
         [("x.80", {"port": 80}, "-"), ("x.81", "-", {"port": 81}), ("x.82", "-", {"port": 82})]),
        ([{"name": "a"}, {"name": "a"}], [{"name": "a"}, {"name": "a"}], []),
        ([{"name": "a"}, {"name": "a"}], [{"name": "a"}],
         [("x", [{"name": "a"}, {"name": "a"}], [{"name": "a"}])]),
        ([{"name": "a"}], [{"name": "a"}, {"name": "a"}],
         [("x", [{"name": "a"}], [{"name": "a"}, {"name": "a"}])]),
    ],
)  # fmt: skip
def test_lists_differ_by_what_their_items_are_told_apart_by(
    old: list[Any], new: list[Any], found: list[tuple[str, Any, Any]]
) -> None:
    assert changes({"x": old}, {"x": new}) == found


@pytest.mark.parametrize(
    ("items", "key"),
    [
        ([], None),
        ([{"name": "a"}, 5], None),
        ([{"name": "a", "port": 1}, {"name": "b"}], "name"),
        ([{"name": "a", "port": 1}, {"port": 2}], "port"),
        ([{"port": 1, "containerPort": 2}], "containerPort"),
        ([{"ip": "::1"}], "ip"),
        ([{"key": "a"}], "key"),
        ([{"id": "a"}], None),
    ],
)
def test_the_first_key_that_all_items_have_tells_them_apart(items: list[Any], key: str | None) -> None:
    assert merge_key(items) == key


def config_map(name: str, value: str) -> str:
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: '{value}'}}\n"


def test_objects_are_told_in_the_new_order_and_removed_ones_at_the_end() -> None:
    old = objects("".join(config_map(name, "1") for name in ("gone", "same", "changed", "also-gone")))
    new = objects(config_map("added", "1") + config_map("changed", "2") + config_map("same", "1"))
    found = compare(old, new)
    assert [(each.key.name, each.old is not None, each.new is not None) for each in found] == [
        ("added", False, True),
        ("changed", True, True),
        ("gone", True, False),
        ("also-gone", True, False),
    ]
    assert [[str(field) for field in each.fields] for each in found] == [[], ["data.a"], [], []]
    assert (found[1].old, found[1].new) == (old[2].object, new[1].object)
    assert found[0] == ObjectChange(new[0].key, None, new[0].object)
    assert found[2] == ObjectChange(old[0].key, old[0].object, None)


def test_an_object_that_was_read_once_is_not_walked_and_hides_none_that_follows() -> None:
    once, (new,) = objects(config_map("a", "1") + config_map("b", "1")), objects(config_map("b", "2"))
    assert [each.key.name for each in compare(once, [once[0], new])] == ["b"]


def test_a_diff_has_each_object_under_its_name() -> None:
    old = objects(config_map("a", "1") + config_map("gone", "1"))
    new = objects(config_map("a", "2") + config_map("added", "1"))
    diff = unified(compare(old, new))
    assert diff == (
        "--- live/ConfigMap a\n+++ plan/ConfigMap a\n@@ -3,4 +3,4 @@\n"
        " metadata:\n   name: a\n data:\n-  a: '1'\n+  a: '2'\n"
        "--- live/ConfigMap added\n+++ plan/ConfigMap added\n@@ -0,0 +1,6 @@\n"
        "+apiVersion: v1\n+kind: ConfigMap\n+metadata:\n+  name: added\n+data:\n+  a: '1'\n"
        "--- live/ConfigMap gone\n+++ plan/ConfigMap gone\n@@ -1,6 +0,0 @@\n"
        "-apiVersion: v1\n-kind: ConfigMap\n-metadata:\n-  name: gone\n-data:\n-  a: '1'\n"
    )
    assert count_lines(diff) == (7, 7)
    assert count_lines("") == (0, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "a: plain\n"),
        ("yes", "a: 'yes'\n"),
        ("y", "a: 'y'\n"),
        ("1e3", "a: '1e3'\n"),
        ("0755", "a: '0755'\n"),
        ("v1.10", "a: v1.10\n"),
        (".inf", "a: '.inf'\n"),
        ("", "a: ''\n"),
        ("one\ntwo\n", "a: |\n  one\n  two\n"),
        ("größer", "a: größer\n"),
        ({"z": 1, "b": None}, "a:\n  z: 1\n  b: null\n"),
        ("x " * 80 + "y", f"a: {'x ' * 59}x\n  {'x ' * 20}y\n"),
    ],
)
def test_a_value_is_written_so_that_it_is_read_as_what_it_was(value: Any, text: str) -> None:
    written = to_yaml({"a": value})
    assert load_all(written) == [{"a": value}]
    assert written == text


def test_what_stands_in_two_places_is_written_twice() -> None:
    shared = {"x": 1}
    assert to_yaml({"a": shared, "b": shared}) == "a:\n  x: 1\nb:\n  x: 1\n"
