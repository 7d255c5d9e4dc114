"""What a revision was given by hand, and the configuration lacks, is named before a deploy drops it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
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
from bot.planning.foreign import Foreign, LostValue, beyond, foreign, lacking, lost_values
from bot.planning.releases import OPERATION_LABEL, Past

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)

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


def made(
    number: int = 7,
    *,
    description: str = "Upgrade complete",
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Revision:
    return Revision(number, "deployed", NOW, "shop", "1.4.0", "v1", description, labels)


def written_by(*names: str, through: str = "") -> dict[str, Any]:
    """An object as the cluster has it, as far as its writers go."""
    more = {"subresource": through} if through else {}
    return {"metadata": {"managedFields": [{"manager": name, **more} for name in names]}}


def theirs(revision: Revision, *objects: dict[str, Any], seconds: int = 90) -> Foreign:
    found = foreign(Past([revision], {}), revision, objects, NOW + timedelta(seconds=seconds))
    assert found is not None
    return found


def test_a_revision_of_ours_is_nobody_elses() -> None:
    ours = made(labels={OPERATION_LABEL: "an-operation"})
    assert foreign(Past([ours], {}), ours, [written_by("helm")], NOW) is None


@pytest.mark.parametrize(
    ("writers", "maker", "also"),
    [
        ([], "Helm", ()),
        ([["kube-controller-manager"]], "Helm", ()),
        ([["helm"]], "helm", ()),
        ([["terraform-provider-helm_v2.17.0_x5"], ["helm"], ["terraform-provider-helm_v2.16.0"]],
         "terraform-provider-helm", ()),
        ([["Pulumi-v3.1"], ["kubectl-edit"]], "Pulumi", ("kubectl-edit",)),
        ([["ArgoCD-controller", "kubectl-rollout", "kubectl", "k9s", "mesh"]], "ArgoCD-controller", ("k9s", "kubectl")),
        ([["helm"], ["helm-controller", "rancher"], ["helm"]], "helm", ("helm-controller", "rancher")),
        ([["hashicorp"], ["fleet-v1"]], "hashicorp", ()),
    ],
)  # fmt: skip
def test_who_wrote_most_of_what_a_revision_made_made_it(
    writers: list[list[str]], maker: str, also: tuple[str, ...]
) -> None:
    found = theirs(made(), *(written_by(*names) for names in writers))
    assert (found.revision, found.maker, found.also, found.lost) == (7, maker, also, ())


def test_who_only_reports_on_an_object_did_not_write_it() -> None:
    assert theirs(made(), written_by("kubectl", through="status")).also == ()


@pytest.mark.parametrize(
    ("description", "labels", "maker"),
    [
        ("Upgrade complete", {}, "Helm"),
        ("Install complete", {}, "Helm"),
        ("", {}, "Helm"),
        ("Upgrade complete, by hand", {}, "Helm (Upgrade complete, by hand)"),
        ("Rollback to 4", {"team": "shop"}, "Helm (Rollback to 4)"),
        (" a hot\n  fix ", {}, "Helm (a hot fix)"),
        ("x" * 41, {}, f"Helm ({'x' * 40})"),
        ("", {"team": "shop", "job": "31"}, "Helm (job=31, team=shop)"),
        ("Upgrade complete", {"job": "3" * 41}, f"Helm (job={'3' * 36})"),
    ],
)
def test_what_the_maker_said_is_told_with_it(description: str, labels: dict[str, str], maker: str) -> None:
    assert theirs(made(description=description, labels=labels)).maker == maker


def test_a_label_of_ours_that_was_handed_on_is_not_what_the_maker_said() -> None:
    older, newer = (made(number, labels={OPERATION_LABEL: "an-operation"}) for number in (6, 7))
    found = foreign(Past([older, newer], {}), newer, [], NOW)
    assert found is not None
    assert found.maker == "Helm"


@pytest.mark.parametrize(("seconds", "age"), [(90, 90.0), (0, 0.0), (-5, 0.0)])
def test_its_age_is_never_below_nothing_whatever_the_clocks_say(seconds: int, age: float) -> None:
    assert theirs(made(), seconds=seconds).age == age


@pytest.mark.parametrize(("lost", "shown", "more"), [(0, 0, 0), (10, 10, 0), (12, 10, 2)])
def test_ten_lost_values_are_named_and_the_rest_is_counted(lost: int, shown: int, more: int) -> None:
    values = tuple(LostValue(f"web.{number}", "5") for number in range(lost))
    found = Foreign(7, "helm", 0.0, lost=values)
    assert (found.shown, found.more) == (values[:shown], more)


def test_a_lost_value_is_one_line() -> None:
    assert str(LostValue("web.replicas", "5")) == "web.replicas: 5"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("ready", False, "false"),
        ("host", "x" * 40, "x" * 40),
        ("host", "", HIDDEN),
        ("host", "a\u200bb", HIDDEN),
        ("host", " held by a Secret\n", HIDDEN),
        ("hosts", [], "a list of 0"),
        ("rate", 1.5, "1.5"),
        ("extraEnv", "x", HIDDEN),
        ("envs", "x", HIDDEN),
        ("environment", "x", HIDDEN),
        ("envVars", "x", HIDDEN),
        ("ENVVAR", "x", HIDDEN),
        ("environments", "x", "x"),
        ("myenv", "x", "x"),
    ],
)
def test_a_value_is_shown_where_it_can_be_nothing_secret(key: str, value: Any, told: str) -> None:
    assert shown({key: value}, held="held by a Secret") == {key: told}


@pytest.mark.parametrize(
    ("theirs", "ours", "values"),
    [
        ({"a": None}, {}, {"a": None}),
        ({"a": None}, {"a": None}, {}),
        ({"a": None}, {"a": 1}, {"a": None}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 2}),
        ({"a": {}}, {}, {}),
        ({"a": {}}, {"a": 1}, {"a": {}}),
        ({"a": {}}, {"a": {"b": 1}}, {}),
        ({"a": {"b": 1}}, {"a": 1}, {"a": {"b": 1}}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"c": 2}}),
    ],
)
def test_only_what_brings_theirs_back_is_taken_over(
    theirs: dict[str, Any], ours: dict[str, Any], values: dict[str, Any]
) -> None:
    assert beyond(theirs, ours) == values


def test_the_file_says_what_it_is(target: Target) -> None:
    found = Adopted({"a": 1}, keys=("a",), secret=("db.password", "key"), otherwise=("web.replicas",))
    whole = file_of(found, target, 7).splitlines()
    head = [
        "# Values that revision 7 of shop in shop-staging was given, and that the",
        "# configuration lacks or has otherwise. Written by `pilothouse adopt shop staging`.",
    ]
    secret = [
        "#",
        "# These look like secrets. Better: name them under `secrets` of the app, and take them out here.",
        "#   db.password",
        "#   key",
    ]
    otherwise = [
        "#",
        "# The configuration has these otherwise. This file goes over it: what runs now stays.",
        "#   web.replicas",
    ]
    assert whole == [*head, *secret, *otherwise, "a: 1"]
    assert file_of(replace(found, secret=(), otherwise=()), target, 7).splitlines() == [*head, "a: 1"]


def pasted(folder: Path, environments: str, environment: str = "staging", *, secret: bool = False) -> str:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("[staging, production]", environments), encoding="utf-8")
    app = load([path], {"TOKEN": "t0ken", "DB": "letmein"}).target("shop", environment).app
    return lines_for(app, environment, "shop.yaml", secret=secret)


def test_environments_that_are_only_listed_are_pasted_with_it(tmp_path: Path) -> None:
    assert pasted(tmp_path, "[staging, production]", "production") == (
        "apps:\n  shop:\n    environments:\n      staging:\n      production:\n        values:\n          - shop.yaml\n"
    )


def test_what_an_environment_says_already_is_gone_on_from(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").touch()
    lines = pasted(tmp_path, "{staging: {values: [mine.yaml]}, production: {}}", secret=True)
    assert lines == (
        "apps:\n  shop:\n    environments:\n      staging:\n        values:\n"
        "          # after the files that are there\n          - {file: shop.yaml, secret: true}\n"
    )
    others = pasted(tmp_path, "{staging: {values: [mine.yaml]}, production: {}}", "production")
    assert others == (
        "apps:\n  shop:\n    environments:\n      production:\n        values:\n          - shop.yaml\n"
    )


@pytest.mark.parametrize(
    ("app", "left"),
    [
        ("image: registry.example.org/shop", {"web": {"image": "a:1", "tag": "1", "x": 2}}),
        ("image: registry.example.org/shop, image_value: {single: web.image}",
         {"image": {"repository": "a"}, "web": {"tag": "1", "x": 2}}),
        ("image: registry.example.org/shop, image_value: {repository: web.image, tag: web.tag}",
         {"image": {"repository": "a"}, "web": {"x": 2}}),
        ("release: shop", {"image": {"repository": "a"}, "web": {"image": "a:1", "tag": "1", "x": 2}}),
    ],
)  # fmt: skip
def test_where_the_configuration_puts_the_image_is_left_out(
    tmp_path: Path, app: str, left: dict[str, Any]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.replace("image: registry.example.org/shop", app.replace(", ", "\n    ", 1)))
    target = load([path], {"TOKEN": "t0ken", "DB": "letmein"}).target("shop", "staging")
    values = {
        "image": {"repository": "a"},
        "db": {"password": {"a": "b"}},
        "web": {"image": "a:1", "tag": "1", "x": 2},
    }
    found = adopted(target, values, {}, Masker(), frozenset())
    assert found.values == left
    assert list(found.values) == list(left)


def test_each_key_that_is_taken_over_is_named(target: Target) -> None:
    values = {"web": {"x": 1, "hosts": ["a"]}, "key": "held", "a.b": {"c": 2}, "d\u200be": 3}
    found = adopted(target, values, {"web": {"x": 2}}, Masker(), frozenset({"held"}))
    assert found.keys == ("web.x", "web.hosts", "key", '"a.b".c', "d e")
    assert (found.secret, found.otherwise) == (("key",), ("web.x",))
    assert "held" not in repr(found)
