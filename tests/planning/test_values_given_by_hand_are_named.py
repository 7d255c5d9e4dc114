"""What a revision was given by hand, and the configuration lacks, is named before a deploy drops it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Target, load
from bot.helm.releases import ReleaseRecord, Revision
from bot.masking import HIDDEN, Masker
from bot.planning import paths
from bot.planning.adopting import Adopted, adopted, file_of, lines_for
from bot.planning.documents import load_all
from bot.planning.foreign import beyond, lacking, lost_values

CONFIG = """\
telegram: {token: "${TOKEN}"}
clusters: {main: {in_cluster: true}}
environments: {staging: {cluster: main, namespace: "{{ app }}-staging"}, production: {cluster: main, namespace: shop}}
apps:
  shop:
    chart: charts/shop
    image: registry.example.org/shop
    secrets: {db.password: "${DB}"}
    environments: [staging, production]
"""

KEYS = st.sampled_from(["web", "replicas", "y", "a.b", "1e3", "on"])
SCALARS = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "v1.2", "yes", "0755", "a\nb", "#"])
)
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    path: Path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return load([path], {"TOKEN": "t0ken", "DB": "letmein"}).target("shop", "staging")


def named(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    return [paths.spelled(path) for path, _ in lacking(theirs, ours)]


def record(values: dict[str, Any]) -> ReleaseRecord:
    revision = Revision.of(
        {"summary": {"revision": 7, "status": "deployed", "name": "shop", "namespace": "shop"}}
    )
    return ReleaseRecord(revision, "", (), values, "", None)


def shown(values: dict[str, Any], *, held: str = "", disclosed: bool = True) -> dict[str, str]:
    found = lost_values(record(values), {}, Masker(["hunter2!"]), frozenset({held}), disclosed=disclosed)
    return {each.key: each.value for each in found}


def test_only_what_the_configuration_has_no_key_for_is_lost() -> None:
    theirs = {"web": {"replicas": 5, "port": 80}, "debug": True, "hosts": ["a", "b"]}
    assert named(theirs, {"web": {"replicas": 2}}) == ["web.port", "debug", "hosts"]
    assert named(theirs, {"web": {"replicas": 2, "port": 1}, "debug": False, "hosts": []}) == []


def test_what_stood_below_a_key_that_is_plain_now_is_lost() -> None:
    assert named({"web": {"port": 80}}, {"web": "none"}) == ["web.port"]
    assert named({"web": 80}, {"web": {"port": 80}}) == []


def test_a_key_with_dots_is_told_from_a_way() -> None:
    assert named({"labels": {"app.kubernetes.io/part-of": "shop"}}, {}) == [
        'labels."app.kubernetes.io/part-of"'
    ]


def test_plain_values_are_shown_and_everything_else_is_not() -> None:
    values = {
        "replicas": 5,
        "debug": True,
        "gone": None,
        "host": "shop.example.org",
        "hosts": ["a", "b"],
        "db": {"password": "letmein", "port": 5432, "dsn": "postgres://shop:letmein@db/shop"},
        "token": 12345678,
        "env": {"GREETING": "hello"},
        "known": "hunter2!",
        "alike": "held by a Secret",
        "text": "several\nlines",
        "long": "x" * 41,
    }
    assert shown(values, held="held by a Secret") == {
        "replicas": "5",
        "debug": "true",
        "gone": "null",
        "host": "shop.example.org",
        "hosts": "a list of 2",
        "db.password": HIDDEN,
        "db.port": "5432",
        "db.dsn": HIDDEN,
        "token": HIDDEN,
        "env.GREETING": HIDDEN,
        "known": HIDDEN,
        "alike": HIDDEN,
        "text": HIDDEN,
        "long": HIDDEN,
    }


def test_where_chats_see_summaries_alone_no_value_is_shown() -> None:
    assert shown({"replicas": 5}, disclosed=False) == {"replicas": HIDDEN}


@given(MAPPINGS, MAPPINGS)
def test_what_is_adopted_brings_everything_back(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    values = beyond(theirs, ours)
    whole = paths.merged(ours, values)
    assert list(lacking(theirs, whole)) == []
    assert beyond(theirs, whole) == {}


@given(MAPPINGS)
def test_what_is_written_is_read_as_it_was(target: Target, values: dict[str, Any]) -> None:
    found = Adopted(values, keys=(), secret=("a",), otherwise=("b",))
    assert load_all(file_of(found, target, 7)) == [values]


def test_what_the_configuration_provides_by_itself_is_not_adopted(target: Target) -> None:
    theirs = {
        "image": {"repository": "elsewhere/shop", "tag": "v1.0", "pullPolicy": "Always"},
        "db": {"password": "older"},
        "web": {"replicas": 5},
        "auth": {"token\nx: y": "abc"},
    }
    found = adopted(target, theirs, {"web": {"replicas": 2}}, Masker(), frozenset())
    assert found.values == {
        "image": {"pullPolicy": "Always"},
        "web": {"replicas": 5},
        "auth": {"token\nx: y": "abc"},
    }
    assert found.secret == ("auth.token x: y",)
    assert found.otherwise == ("web.replicas",)
    assert load_all(file_of(found, target, 7)) == [found.values]
    assert (
        adopted(target, {"image": "elsewhere/shop:v1.0", "db": "x"}, {}, Masker(), frozenset()).values == {}
    )


def test_the_lines_to_paste_are_a_layer_of_that_environment(target: Target) -> None:
    pasted = load_all(lines_for(target.app, "staging", "values/shop.yaml", secret=True))
    layers = [{"file": "values/shop.yaml", "secret": True}]
    assert pasted == [
        {"apps": {"shop": {"environments": {"production": None, "staging": {"values": layers}}}}}
    ]
