"""Field by field, where an object is not what its manifest says: what counts, and what the server did by itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.planning.differences import MISSING
from bot.planning.straying import spelled_out, strays

Spec = Mapping[str, Any]
Found = list[tuple[str, Any, Any, Any]]


def entry(manager: str, fields: Mapping[str, Any], *, through: str = "") -> dict[str, Any]:
    """One of managedFields: what below `spec` somebody owns."""
    return written(manager, {"f:spec": fields}, through=through)


def written(manager: str, fields: Mapping[str, Any], *, through: str = "") -> dict[str, Any]:
    """One of managedFields."""
    at = "2026-11-29T07:30:00Z"
    return {"manager": manager, "subresource": through, "time": at, "fieldsV1": fields}


def found(
    said: Any,
    live: Any,
    wanted: Any = MISSING,
    *,
    owned: Mapping[str, Any] | None = None,
    by: str = "kubectl",
) -> Found:
    """What strayed in a field `x` of a spec: path below it, what it was, what it is and what it will be.

    `owned` is what `by` owns of it in FieldsV1; None: the object says of nobody what they own.
    """
    fields = [] if owned is None else [entry("helm", {"f:a": {}}), entry(by, owned)]
    item = {"kind": "Thing", "metadata": {"managedFields": fields}, "spec": {"x": live}}
    then = {"spec": {} if wanted is MISSING else {"x": wanted}}
    return [
        (".".join(each.path[1:]), each.change.old, each.change.new, each.wanted)
        for each in strays({"kind": "Thing", "spec": {"x": said}}, item, then)
    ]


def x(below: Mapping[str, Any]) -> dict[str, Any]:
    return {"f:x": below}


@pytest.mark.parametrize(
    ("said", "live", "wanted", "strayed"),
    [
        (1, 1, 1, []),
        (None, 5, 5, []),
        (1, 2, 3, [("x", 1, 2, 3)]),
        (1, 2, MISSING, [("x", 1, 2, MISSING)]),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 4}, [("x.b", 2, 3, 4)]),
        ({"a": 1}, {}, {"a": 1}, [("x.a", 1, MISSING, 1)]),
        ({"a": 1}, {"a": 1, "more": 2}, MISSING, []),
        ({"a": 1}, "text", "then", [("x", {"a": 1}, "text", "then")]),
        ({1: "a"}, {1: "b"}, {1: "c"}, [("x.1", "a", "b", "c")]),
    ],
)
def test_where_nobody_says_who_owns_what_values_decide(
    said: Any, live: Any, wanted: Any, strayed: Found
) -> None:
    assert found(said, live, wanted) == strayed


def test_what_only_the_release_has_written_has_not_strayed() -> None:
    assert found(1, 2, owned=x({}), by="helm") == []
    assert found(1, 2, 1, owned=x({})) == [("x", 1, 2, 1)]


def test_what_the_release_wrote_and_is_gone_has_strayed() -> None:
    assert found({"a": 1}, {}, owned=x({"f:a": {}}), by="helm") == [("x.a", 1, MISSING, MISSING)]


@pytest.mark.parametrize(
    ("live", "wanted", "owned", "by", "strayed"),
    [
        pytest.param({"a": 1}, MISSING, x({"f:a": {}}), "helm", [], id="by the release"),
        pytest.param({"a": 1}, MISSING, x({"f:a": {}}), "mesh", [], id="by a controller"),
        pytest.param({"a": 1}, {"a": 2}, x({"f:a": {}}), "kubectl", [("x.a", MISSING, 1, 2)], id="by a hand"),
        pytest.param(
            {"a": {"b": 1, "c": 2}},
            {"a": {"b": 3}},
            x({"f:a": {"f:b": {}}}),
            "kubectl",
            [("x.a.b", MISSING, 1, 3)],
            id="a part",
        ),
        pytest.param(
            {"a": {"b": 1}},
            MISSING,
            x({"f:a": {}}),
            "kubectl",
            [("x.a", MISSING, {"b": 1}, MISSING)],
            id="all",
        ),
        pytest.param(
            {"a": [1]},
            MISSING,
            x({"f:a": {"v:1": {}}}),
            "kubectl",
            [("x.a", MISSING, [1], MISSING)],
            id="a set",
        ),
        pytest.param(
            {"a": [{"name": "one", "v": 1}, {"name": "two", "v": 2}]},
            {"a": [{"name": "two", "v": 3}]},
            x({"f:a": {'k:{"name":"two"}': {"f:v": {}}}}),
            "kubectl",
            [("x.a.two.v", MISSING, 2, 3)],
            id="a part of an item",
        ),
        pytest.param(
            {"a": [{"name": "one", "v": 1}, {"name": "two", "v": 2}]},
            {"a": [{"name": "two", "v": 3}]},
            x({"f:a": {'k:{"name":"two"}': {".": {}, "f:name": {}, "f:v": {}}}}),
            "kubectl",
            [("x.a.two", MISSING, {"name": "two", "v": 2}, {"name": "two", "v": 3})],
            id="an item",
        ),
    ],
)
def test_what_is_there_beyond_the_manifest_counts_where_a_hand_put_it(
    live: Any, wanted: Any, owned: Mapping[str, Any], by: str, strayed: Found
) -> None:
    assert found({}, live, wanted, owned=owned, by=by) == strayed


ITEM: Mapping[str, Any] = {".": {}, "f:name": {}, "f:v": {}}


def items(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "v": value} for name, value in values.items()]


@pytest.mark.parametrize(
    ("live", "strayed"),
    [
        (items(a=1, b=2), []),
        (items(b=2, a=1), []),
        (items(a=1, b=5), [("x.b.v", 2, 5, 3)]),
        (items(a=1), [("x.b", {"name": "b", "v": 2}, MISSING, {"name": "b", "v": 3})]),
        (items(a=1, b=2, c=7), [("x.c", MISSING, {"name": "c", "v": 7}, {"name": "c", "v": 8})]),
        (items(b=2), [("x.a", {"name": "a", "v": 1}, MISSING, MISSING)]),
        (items(a=1, b=2, d=7), [("x.d", MISSING, {"name": "d", "v": 7}, MISSING)]),
    ],
)
def test_items_that_have_keys_are_compared_by_them(live: Any, strayed: Found) -> None:
    owned = x({f'k:{{"name":"{name}"}}': ITEM for name in "abcd"})
    assert found(items(a=1, b=2), live, items(b=3, c=8), owned=owned) == strayed


def test_items_have_the_usual_keys_where_nobody_says_who_owns_what() -> None:
    assert found(items(a=1, b=2), items(b=2, a=5), items(a=3)) == [("x.a.v", 1, 5, 3)]
    assert found(items(a=1), items(a=1, b=2)) == []


def test_a_list_whose_items_have_no_keys_in_common_is_compared_as_a_whole() -> None:
    assert found([{"name": "a"}, 1], [{"name": "b"}, 1], owned=x({})) == [
        ("x", [{"name": "a"}, 1], [{"name": "b"}, 1], MISSING)
    ]
    said, live = items(a=1), items(b=1)
    assert found(said, live, "then", owned=x({})) == [("x", said, live, "then")]
    assert found([1, 2], [1, 2], owned=x({})) == []
    assert found([1, 2], [1, 2]) == []
    assert found([1, 2], [2, 1], [1]) == [("x", [1, 2], [2, 1], [1])]


def test_keys_that_a_manifest_leaves_out_have_their_defaults() -> None:
    owned = x({'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}})
    said, live = [{"port": 80}], [{"port": 80, "protocol": "TCP"}]
    assert found(said, live, said, owned=owned) == []
    assert found([], live, said, owned=owned) == [("x.80.port", MISSING, 80, 80)]


def test_an_item_is_told_by_its_name_whatever_its_key() -> None:
    owned = x({'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:v": {}}})
    said, live = [{"port": 80, "name": "http", "v": 1}], [{"port": 80, "name": "http", "v": 2}]
    assert found(said, live, owned=owned) == [("x.http.v", 1, 2, MISSING)]


def test_whose_an_item_is_goes_by_its_key_as_the_server_spells_it() -> None:
    owned = x({'k:{"port":80}': {".": {}, "f:port": {}, "f:v": {}}})
    assert found([{"port": "80", "v": 1}], [{"port": 80, "v": 2}], owned=owned, by="helm") == []


def test_a_member_of_a_set_that_is_gone_tells_whose_it_was() -> None:
    item = {
        "kind": "Thing",
        "metadata": {"managedFields": [entry("kubectl", x({'v:"a"': {}, 'v:"b"': {}}))]},
        "spec": {"x": ["a"]},
    }
    (stray,) = strays({"kind": "Thing", "spec": {"x": ["a", "b"]}}, item, None)
    assert [each.name for each in stray.owners.writers] == ["kubectl"]


@pytest.mark.parametrize(
    ("live", "wanted", "strayed"),
    [
        (["a", "b"], ["a"], []),
        (["b", "a"], ["a"], []),
        (["a"], ["b"], [("x.b", "b", MISSING, "b")]),
        (["a"], ["a"], [("x.b", "b", MISSING, MISSING)]),
        (["a", "b", "c"], ["c"], [("x.c", MISSING, "c", "c")]),
        (["a", "b", "c"], MISSING, [("x.c", MISSING, "c", MISSING)]),
        (["a", "b", "theirs"], MISSING, []),
    ],
)
def test_members_of_a_set_are_compared_one_by_one(live: Any, wanted: Any, strayed: Found) -> None:
    owned = x({f'v:"{member}"': {} for member in "abc"})
    assert found(["a", "b"], live, wanted, owned=owned) == strayed


def test_of_an_objects_own_metadata_only_what_people_set_is_compared() -> None:
    said = {
        "apiVersion": "v1",
        "kind": "Thing",
        "status": {"a": 1},
        "metadata": {"name": "x", "labels": {"a": "1"}},
    }
    live = {"apiVersion": "v2", "kind": "Thing", "metadata": {"name": "y", "uid": "1", "labels": {"a": "2"}}}
    assert [each.path for each in strays(said, live, None)] == [("metadata", "labels", "a")]
    assert list(strays({"metadata": None}, {"metadata": None}, None)) == []


def test_what_will_be_wanted_is_spelled_out_too() -> None:
    said = {"kind": "Secret", "stringData": {"a": "1"}}
    (found,) = strays(
        said, {"kind": "Secret", "data": {"a": "eA=="}}, {"kind": "Secret", "stringData": {"a": "2"}}
    )
    assert (found.path, found.change.old, found.wanted) == (("data", "a"), "MQ==", "Mg==")
    (found,) = strays(said, {"kind": "Secret", "data": {"a": "eA=="}}, None)
    assert found.wanted is MISSING


@pytest.mark.parametrize(
    "name",
    [
        "meta.helm.sh/release-name",
        "helm.sh/chart",
        "app.kubernetes.io/managed-by",
        "kubectl.kubernetes.io/restartedAt",
        "deployment.kubernetes.io/revision",
        "kubernetes.io/change-cause",
        "autoscaling.alpha.kubernetes.io/conditions",
        "kubectl.kubernetes.io/last-applied-configuration",
    ],
)
def test_labels_and_annotations_by_which_books_are_kept_do_not_count(name: str) -> None:
    owned: dict[str, Any] = {"f:metadata": {"f:annotations": {f"f:{name}": {}, "f:mine": {}}}}
    for said, live in (({name: "1", "mine": "1"}, {}), ({}, {name: "1", "mine": "1"})):
        item = {
            "metadata": {
                "annotations": live,
                "managedFields": [written("kubectl", owned)],
            }
        }
        strayed = strays({"metadata": {"annotations": said}}, item, None)
        assert [each.path[-1] for each in strayed] == ["mine"]
    inside = {"metadata": {"annotations": {"a": {name: "1"}}}}
    assert [each.path[-1] for each in strays(inside, {"metadata": {"annotations": {"a": {}}}}, None)] == [
        name
    ]


def test_bookkeeping_below_annotations_that_a_hand_added_does_not_count() -> None:
    name = "kubectl.kubernetes.io/restartedAt"
    template = {"metadata": {"annotations": {name: "now", "mine": "1"}}}
    owned: dict[str, Any] = {
        "f:template": {"f:metadata": {"f:annotations": {".": {}, f"f:{name}": {}, "f:mine": {}}}}
    }
    live = {"metadata": {"managedFields": [entry("kubectl", owned)]}, "spec": {"template": template}}
    assert [each.path for each in strays({"spec": {}}, live, None)] == [
        ("spec", "template", "metadata", "annotations", "mine")
    ]


@pytest.mark.parametrize(
    ("item", "spelled"),
    [
        ({"kind": "ConfigMap", "stringData": {"a": "x"}}, {"kind": "ConfigMap", "stringData": {"a": "x"}}),
        ({"kind": "Secret", "data": {"a": "eA=="}}, {"kind": "Secret", "data": {"a": "eA=="}}),
        (
            {"kind": "Secret", "stringData": {"a": "x", "b": 1}},
            {"kind": "Secret", "data": {"a": "eA==", "b": "MQ=="}},
        ),
        (
            {"kind": "Secret", "data": {"a": "MQ==", "b": "MQ=="}, "stringData": {"a": "x"}},
            {"kind": "Secret", "data": {"a": "eA==", "b": "MQ=="}},
        ),
        ({"kind": "Secret", "data": None, "stringData": {}}, {"kind": "Secret", "data": {}}),
    ],
)
def test_texts_of_a_secret_are_where_the_server_keeps_them(
    item: dict[str, Any], spelled: dict[str, Any]
) -> None:
    assert spelled_out(item) == spelled


def test_a_text_in_a_list_is_a_text_where_the_list_is_one_of_texts() -> None:
    said, live = [[{"v": "1"}]], [[{"v": "1000m"}]]
    item = {"data": {"a": live}}
    assert [each.path for each in strays({"data": {"a": said}}, item, None)] == [("data", "a")]
    assert list(strays({"spec": {"a": said}}, {"spec": {"a": live}}, None)) == []
