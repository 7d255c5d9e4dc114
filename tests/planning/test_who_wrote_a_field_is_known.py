"""Who wrote which field of an object, read from what the API server remembers of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.planning.authorship import Owners, Writer
from tests.planning.test_changes_by_hand_are_told import EARLIER, LATER, MADE, entry

HELM_MARK: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:meta.helm.sh/release-name": {}}}}


def owners(*entries: dict[str, Any], created: str = MADE) -> Owners:
    return Owners.of({"metadata": {"creationTimestamp": created, "managedFields": list(entries)}})


def test_writers_are_known_by_name_time_and_way_the_newest_first() -> None:
    found = owners(
        entry("kubectl", {}, at=EARLIER),
        entry("helm", {}, operation="Apply", at=LATER),
        {"manager": "timeless", "fieldsV1": None},
        entry("kubelet", {}, through="status"),
        {"operation": "Update"},
        entry("kubectl", {}, at=EARLIER),
    )
    early, late = datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 11, 29, 7, 30, tzinfo=UTC)
    assert found.writers == (
        Writer("helm", late, True, "", True),
        Writer("kubectl", early, False, "", False),
        Writer("timeless", None, False, "", False),
    )
    assert [each.name for each in found.others] == ["kubectl", "timeless"]
    assert [each.name for each in found.hands] == ["kubectl"]


@pytest.mark.parametrize(
    ("name", "fields", "is_release"),
    [
        ("helm", {}, True),
        ("Go-http-client", HELM_MARK, True),
        ("kubectl-annotate", HELM_MARK, False),
        ("Go-http-client", {"f:metadata": {"f:annotations": {"f:other": {}}}}, False),
        ("Go-http-client", {"f:metadata": None}, False),
    ],
)
def test_who_marks_objects_as_helm_does_is_helm_but_for_a_hand(
    name: str, fields: dict[str, Any], is_release: bool
) -> None:
    (writer,) = owners(entry(name, fields)).writers
    assert writer.is_release is is_release


def test_who_made_an_object_has_not_written_to_it_since() -> None:
    made = entry("kubectl-create", {}, at=MADE)
    assert [each.made_it for each in owners(made).writers] == [True]
    assert owners(made).hands == ()
    assert [each.name for each in owners(made, entry("helm", {}, at=LATER)).hands] == []
    assert [each.made_it for each in owners(made, created=EARLIER).writers] == [False]
    assert [each.made_it for each in owners({**made, "operation": "Apply"}).writers] == [False]
    helms = owners(made, entry("helm", {}, at=MADE))
    assert [each.made_it for each in helms.writers] == [False, False]
    assert [each.name for each in helms.hands] == ["kubectl-create"]


def test_places_are_walked_to_as_the_server_writes_them() -> None:
    ports: dict[str, Any] = {
        'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}},
        'k:{"port":80,"protocol":"UDP"}': {},
    }
    root = owners(
        entry("kubectl", {"f:spec": {".": {}, "f:ports": ports, "f:names": {'v:"a"': {}, 'v:"b"': {}}}}),
        entry("helm", {"f:spec": {"f:type": {}}}),
    )
    spec = root.field("spec")
    assert (spec.is_parted, spec.is_set, spec.keys, spec.itself) == (True, False, (), True)
    found = spec.field("ports")
    assert (found.is_parted, found.is_set, found.keys) == (True, False, ("port", "protocol"))
    assert found.itself is False
    assert found.item({"port": 80}).field("name").writers == found.writers
    assert found.item({"port": 80, "protocol": "UDP"}).is_parted is False
    assert found.item({"port": 81}).writers == ()
    names = spec.field("names")
    assert (names.is_set, names.keys, names.is_parted) == (True, (), True)
    assert [len(names.member(value).writers) for value in ("a", "b", "c")] == [1, 1, 0]
    assert spec.field("type").itself is False
    assert [each.name for each in spec.field("type").writers] == ["helm"]


def test_whoever_has_a_place_that_is_owned_whole_has_all_of_it() -> None:
    whole = owners(entry("kubectl", {"f:data": {}})).field("data")
    assert whole.itself
    assert [each.name for each in whole.field("a").item({"name": "b"}).member("c").writers] == ["kubectl"]
    parted = owners(entry("kubectl", {"f:data": {}}), entry("helm", {"f:data": {"f:a": {}}})).field("data")
    assert [each.name for each in parted.field("a").writers] == ["helm"]


def test_an_object_that_says_nothing_of_its_writers_has_none() -> None:
    for item in ({}, {"metadata": None}, {"metadata": {"managedFields": None}}):
        assert Owners.of(item).writers == ()
