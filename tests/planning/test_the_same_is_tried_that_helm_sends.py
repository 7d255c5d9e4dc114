"""What Helm sends for an object, request by request; a trial that sends anything else proves nothing."""

from typing import Any

import pytest

from bot.access import ClusterAccess
from bot.planning.manifests import Manifest, Object
from bot.planning.sending import BUILT_IN, Sending, marked, sending
from bot.planning.site import Site
from tests.planning.objects import objects

SITE = Site(
    access=ClusterAccess(in_cluster=True), cluster_uid="uid", namespace="shop-staging", release="shop"
)
MARKS = {
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
    "annotations": {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop-staging"},
}


def manifest(data: dict[str, Any], api: str = "v1", kind: str = "ConfigMap") -> Manifest:
    text = f"{{apiVersion: {api}, kind: {kind}, metadata: {{name: shop}}}}"
    (found,) = objects(text)
    return Manifest(found.key, {**found.object, "data": data})


def sent(
    before: dict[str, Any] | None,
    after: dict[str, Any],
    *,
    api: str = "v1",
    by_server: bool = False,
    is_there: bool = True,
    is_namespaced: bool = True,
) -> Sending:
    old: Object | None = None if before is None else {**manifest(before, api).object}
    return sending(
        old,
        manifest(after, api),
        SITE,
        by_server=by_server,
        is_there=is_there,
        is_namespaced=is_namespaced,
    )


def test_every_object_has_the_marks_by_which_helm_knows_its_own() -> None:
    assert marked({"kind": "X", "metadata": None}, SITE) == {"kind": "X", "metadata": MARKS}
    assert marked({"kind": "X"}, SITE)["metadata"] == MARKS


def test_marks_join_those_that_are_there_and_change_nothing_in_place() -> None:
    item = {
        "metadata": {
            "name": "shop",
            "labels": {"a": "1", "app.kubernetes.io/managed-by": "me"},
            "annotations": {"b": "2"},
        }
    }
    assert marked(item, SITE)["metadata"] == {
        "name": "shop",
        "labels": {"a": "1", **MARKS["labels"]},
        "annotations": {"b": "2", **MARKS["annotations"]},
    }
    assert item["metadata"]["annotations"] == {"b": "2"}


@pytest.mark.parametrize("is_there", [True, False])
def test_where_the_server_merges_the_whole_object_is_applied(is_there: bool) -> None:
    found = sent({"a": "1"}, {"b": "2"}, by_server=True, is_there=is_there)
    assert found.way == "apply"
    assert found.body["data"] == {"b": "2"}
    assert found.body["metadata"] == {"name": "shop", "namespace": "shop-staging", **MARKS}


def test_what_is_not_there_is_made() -> None:
    found = sent({"a": "1"}, {"b": "2"}, is_there=False)
    assert (found.way, found.body["data"]) == ("create", {"b": "2"})


def test_what_has_no_namespace_gets_none() -> None:
    assert "namespace" not in sent(None, {}, is_namespaced=False).body["metadata"]


def test_a_kind_that_helm_knows_is_merged_with_nulls_for_what_only_the_old_manifest_had() -> None:
    before = {"gone": "1", "same": "2", "deep": {"gone": "3", "kept": "4"}, "plain": {"x": "5"}}
    after = {"same": "2", "deep": {"kept": "4", "new": "6"}, "plain": "7", "map": {"y": "8"}}
    found = sent(before, after)
    assert found.way == "strategic"
    assert found.body["data"] == {
        "gone": None,
        "same": "2",
        "deep": {"gone": None, "kept": "4", "new": "6"},
        "plain": "7",
        "map": {"y": "8"},
    }


def test_a_kind_that_helm_knows_and_that_is_new_in_the_release_is_sent_whole() -> None:
    found = sent(None, {"b": "2"})
    assert (found.way, found.body["data"]) == ("strategic", {"b": "2"})
    assert found.body["kind"] == "ConfigMap"


def test_of_a_kind_that_helm_does_not_know_only_what_differs_is_sent() -> None:
    before = {"gone": "1", "same": "2", "deep": {"gone": "3", "kept": "4"}, "alike": {"x": "5"}, "nil": None}
    after = {"same": "2", "deep": {"kept": "4", "new": "6"}, "alike": {"x": "5"}, "empty": None, "nil": None}
    found = sent(before, after, api="example.org/v1")
    assert found == Sending(
        "merge",
        {
            "data": {"gone": None, "deep": {"gone": None, "new": "6"}, "empty": None},
            "metadata": {"namespace": "shop-staging", **MARKS},
        },
    )


def test_of_a_kind_that_helm_does_not_know_what_is_new_in_the_release_is_sent_whole() -> None:
    found = sent(None, {"b": "2"}, api="example.org/v1")
    assert (found.way, found.body["apiVersion"], found.body["data"]) == (
        "merge",
        "example.org/v1",
        {"b": "2"},
    )


def test_a_plain_field_that_becomes_a_mapping_is_replaced() -> None:
    assert sent({"a": "1"}, {"a": {"x": "2"}}, api="example.org/v1").body["data"] == {"a": {"x": "2"}}
    assert sent({"a": {"x": "2"}}, {"a": "1"}, api="example.org/v1").body["data"] == {"a": "1"}


@pytest.mark.parametrize(
    ("group", "is_known"),
    [
        ("", True),
        ("apps", True),
        ("rbac.authorization.k8s.io", True),
        ("flowcontrol.apiserver.k8s.io", True),
        ("gateway.networking.k8s.io", False),
        ("example.org", False),
        ("apps.example.org", False),
        ("networkingxk8s.io", False),
    ],
)
def test_the_groups_that_helm_knows(group: str, is_known: bool) -> None:
    assert (BUILT_IN.fullmatch(group) is not None) is is_known
