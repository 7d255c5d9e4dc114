"""What one changed field says, whatever its shape; what of it is shown is decided elsewhere."""

from typing import Any

import pytest

from bot.planning import wording
from bot.planning.differences import MISSING, FieldChange, ObjectChange
from bot.planning.manifests import ObjectKey


def field(path: str, old: Any = 1, new: Any = 2) -> FieldChange:
    return FieldChange(tuple(path.split(".")) if path else (), old, new)


def rules(*hosts: str | None) -> dict[str, Any]:
    """An Ingress with a rule for each; None: for any host."""
    return {"spec": {"rules": [{} if host is None else {"host": host} for host in hosts]}}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (rules("a"), rules("b"), "Ingress host a → b"),
        (rules(None), rules("b"), "Ingress host * → b"),
        (rules("a", "b", "c"), rules("a"), "Ingress web loses 2 hosts: b, c"),
        (rules("a"), rules("a", None), "Ingress web: its rules change"),
        ({"spec": {"rules": 5}}, {"spec": {"rules": ["x"]}}, "Ingress web: its rules change"),
        ({}, {"spec": None}, "Ingress web: its rules change"),
    ],
)
def test_hosts_that_come_and_go_are_named(old: Any, new: Any, words: str) -> None:
    change = ObjectChange(ObjectKey("networking.k8s.io", "Ingress", "shop", "web"), old, new)
    assert wording.warning(change, field("spec.rules")) == words


@pytest.mark.parametrize("which", ["port", "nodePort"])
def test_each_number_of_a_services_port_is_one_that_clients_know(which: str) -> None:
    change = ObjectChange(ObjectKey("", "Service", "shop", "web"), {}, {})
    assert wording.warning(change, field(f"spec.ports.http.{which}")) == (
        f"Service {which} 1 → 2: clients may break"
    )
    assert wording.warning(change, field("spec.ports.http.targetPort")) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("spec.env.A", "A"),
        ("spec.env.A.value", "A"),
        ("env.A", "A"),
        ("spec.env", None),
        ("spec.replicas", None),
    ],
)
def test_a_variable_is_what_is_below_env(path: str, name: str | None) -> None:
    assert wording.variable(field(path)) == name


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        ("spec.replicas", 1, 2, "replicas 1 → 2"),
        ("status.replicas", 1, 2, None),
        ("spec.paused", 1, 2, None),
        ("spec.resources.limits", 1, 2, "limits 1 → 2"),
        ("spec.resources.limits.cpu", 1, 2, "limits.cpu 1 → 2"),
        ("spec.resources", 1, 2, None),
        ("spec.containers.web", MISSING, {}, "container web added"),
        ("spec.initContainers.web", {}, MISSING, "container web removed"),
        ("spec.containers.web", {}, 5, None),
        ("containers.web", MISSING, {}, None),
        ("web", MISSING, {}, None),
        ("spec.volumes.web", MISSING, {}, None),
    ],
)
def test_what_people_know_of_a_workload_has_words_of_its_own(
    path: str, old: Any, new: Any, words: str | None
) -> None:
    assert wording.of_workload(field(path, old, new)) == words


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("spec.containers.web.image", True),
        ("a.b.initContainers.web.image", True),
        ("containers.web.image", False),
        ("spec.containers.web.name", False),
        ("spec.volumes.web.image", False),
        ("image", False),
    ],
)
def test_an_image_is_a_containers(path: str, is_one: bool) -> None:
    assert wording.is_image(field(path)) is is_one


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        ("spec.size", 1, 2, "size 1 → 2"),
        ("a.b.c.password", 1, 2, "password changed"),
        ("spec.size", {}, 2, None),
        ("spec.size", 1, [], None),
        ("", 1, 2, None),
    ],
)
def test_a_plain_value_is_said_by_its_last_name(path: str, old: Any, new: Any, words: str | None) -> None:
    assert wording.of_field(field(path, old, new)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MISSING, "none"),
        (None, "none"),
        (True, "true"),
        (False, "false"),
        ("True", "True"),
        ("a\n  b", "a b"),
        ("x" * 24, "x" * 24),
        ("x" * 25, "x" * 23 + "…"),
    ],
)
def test_a_value_takes_few_characters(value: Any, words: str) -> None:
    assert wording.said(value) == words


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (1, "key", "1 key"),
        (2, "key", "2 keys"),
        (2, "Ingress", "2 Ingresses"),
        (3, "NetworkPolicy", "3 NetworkPolicies"),
        (0, "Gateway", "0 Gateways"),
        (2, "y", "2 ys"),
    ],
)
def test_so_many_of_something(count: int, noun: str, words: str) -> None:
    assert wording.number(count, noun) == words
