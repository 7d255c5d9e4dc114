"""Where a chart puts secret values, found out by rendering with others, and what is shown of that."""

from typing import Any

import pytest

from bot.masking import HIDDEN, Masker
from bot.planning.hiding import mask_for
from bot.planning.manifests import Manifest, key_of
from bot.planning.paths import hidden
from bot.planning.tracing import altered, hidden_at, traces

SECRET = frozenset({("db", "port"), ("db", "user"), ("db", "tls"), ("list",)})
VALUES: dict[str, Any] = {
    "db": {"port": 81, "user": "shop", "tls": True, "host": "db"},
    "list": ["a1", {"b": 2}],
    "replicas": 81,
}


def test_other_values_have_the_same_shape() -> None:
    assert altered(VALUES, SECRET) == {
        "db": {"port": 82, "user": "tipq", "tls": True, "host": "db"},
        "list": ["b2", {"b": 3}],
        "replicas": 81,
    }
    assert altered({"a": "zZ9-/=."}, frozenset({("a",)})) == {"a": "aA0-/=."}


def test_the_values_themselves_are_hidden_by_place_whatever_they_are() -> None:
    shown = hidden(VALUES, SECRET)
    assert shown == {
        "db": {"port": HIDDEN, "user": HIDDEN, "tls": HIDDEN, "host": "db"},
        "list": HIDDEN,
        "replicas": 81,
    }
    assert VALUES["db"]["port"] == 81


def chart(values: dict[str, Any]) -> list[Manifest]:
    """What some chart would make of these values."""
    db = values["db"]
    objects: list[dict[str, Any]] = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "shop", "labels": {"app": "shop"}},
            "spec": {
                "replicas": values["replicas"],
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "web",
                                "args": ["--db", f"{db['user']}@{db['host']}:{db['port']}"],
                                "env": [
                                    {"name": "DB_PORT", "value": str(db["port"])},
                                    {"name": "PORT", "value": "81"},
                                ],
                                "ports": [{"containerPort": 81}],
                            }
                        ]
                    }
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "db", "annotations": {"port": str(db["port"])}},
            "stringData": {"port": str(db["port"])},
        },
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"db-{db['user']}"}, "spec": {"a": 1}},
    ]
    return [Manifest(key_of(each, "default", "x"), each) for each in objects]


def test_a_secret_is_hidden_just_where_the_chart_puts_it() -> None:
    real = chart(VALUES)
    mask = mask_for(Masker(), real, traced=traces(real, chart(altered(VALUES, SECRET))))
    deployment, secret, service = (mask(each.object) for each in real)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "DB_PORT", "value": HIDDEN}, {"name": "PORT", "value": "81"}]
    assert container["args"] == HIDDEN
    assert container["ports"] == [{"containerPort": 81}]
    assert deployment["spec"]["replicas"] == 81
    assert deployment["metadata"] == {"name": "shop", "labels": {"app": "shop"}}
    assert secret["metadata"]["annotations"] == {"port": HIDDEN}
    assert secret["stringData"]["port"].startswith(f"{HIDDEN} ")  # whether it changed can still be seen
    assert service == real[2].object


def test_what_was_given_is_hidden_where_it_stands_alone() -> None:
    [deployment, *_] = chart({**VALUES, "replicas": 5432, "db": {**VALUES["db"], "user": "kite"}})
    mask = mask_for(Masker(), [deployment], given=frozenset({"5432", "81", "kite"}))
    shown = mask(deployment.object)
    assert shown["spec"]["replicas"] == HIDDEN
    assert shown["spec"]["template"]["spec"]["containers"][0]["env"][1] == {"name": "PORT", "value": HIDDEN}
    assert shown["spec"]["template"]["spec"]["containers"][0]["args"] == ["--db", f"{HIDDEN}@db:81"]


@pytest.mark.parametrize("value", [{}, [], {"a": [1, 2]}, [{"x": 1}, {"y": 2}], "text", None])
def test_a_place_that_is_not_there_changes_nothing(value: Any) -> None:
    assert hidden_at(value, frozenset({("b", "c")})) == value


def test_two_kinds_of_one_name_are_told_apart() -> None:
    def made(kind: str, value: str) -> Manifest:
        item = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "shop"}, "spec": value}
        return Manifest(key_of(item, "shop"), item)

    found = traces([made("Service", "a"), made("Thing", "b")], [made("Service", "a"), made("Thing", "c")])
    assert found == {("Service", "shop"): frozenset(), ("Thing", "shop"): {("spec",)}}
