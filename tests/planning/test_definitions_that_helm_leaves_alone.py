"""The definitions in a chart's `crds/`: which of them Helm leaves as they are, and what changes that."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cluster import Cluster, ClusterAccess, Identity
from bot.config import ChartFolder, ChartOci, ChartRepository, ChartSource
from bot.planning.definitions import (
    API_VERSION,
    KIND,
    Definition,
    brought,
    left_alone,
    read_definitions,
    same,
)
from bot.sandbox.kubernetes.cluster import KubernetesServer

FOLDER = ChartFolder.model_construct(path=Path("charts/demo"))


def definition(name: str = "widgets.example.org", **schema: Any) -> dict[str, Any]:
    """As a chart has it; `schema` goes into its one field."""
    fields = {"spec": {"type": "object", "properties": {"size": {"type": "integer", **schema}}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": fields}},
    }
    names = {"kind": "Widget", "plural": "widgets"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def kept(item: dict[str, Any]) -> dict[str, Any]:
    """As the server keeps it."""
    found: dict[str, Any] = yaml.safe_load(yaml.safe_dump(item))
    found["spec"]["conversion"] = {"strategy": "None"}
    found["spec"]["names"] |= {"listKind": "WidgetList", "singular": "widget"}
    found["status"] = {"conditions": []}
    return found


def beside(live: dict[str, Any] | None, name: str = "widgets.example.org", **schema: Any) -> Definition:
    return Definition(name, f"crds/{name}.yaml", definition(name, **schema), live)


def told(*definitions: Definition, installs: bool = False, source: ChartSource = FOLDER) -> list[str]:
    return left_alone(definitions, source, "1.4.0", installs=installs)


def test_what_the_server_fills_in_makes_no_other_definition() -> None:
    assert same(definition(nullable=False, description=""), kept(definition()))
    assert told(beside(kept(definition()))) == []


@pytest.mark.parametrize("changed", [{"minimum": 0}, {"type": "string"}, {"description": "Its size"}])
def test_any_other_schema_is_told_in_both_directions(changed: dict[str, Any]) -> None:
    line = (
        "CRD widgets.example.org differs from the cluster's, which Helm leaves as it is. "
        "To change that: kubectl apply --server-side -f crds/widgets.example.org.yaml"
    )
    assert told(beside(kept(definition()), **changed)) == [line]
    assert told(beside(kept(definition(**changed)))) == [line]


def test_a_version_more_makes_another_definition() -> None:
    other = kept(definition())
    other["spec"]["versions"].append({"name": "v2", "served": True, "storage": False})
    assert not same(definition(), other)


def test_a_new_one_is_brought_by_an_install_and_not_by_an_upgrade() -> None:
    new = beside(None)
    assert told(new, installs=True) == []
    assert brought([new], installs=True) == {("example.org", "Widget")}
    assert brought([new], installs=False) == frozenset()
    assert told(new) == [
        "CRD widgets.example.org is new, and Helm adds none in an upgrade. "
        "First: kubectl apply --server-side -f crds/widgets.example.org.yaml"
    ]


def test_many_are_one_line_and_one_command() -> None:
    (line,) = told(*(beside(None, f"{name}.example.org") for name in "abcde"))
    assert line == (
        "CRDs a.example.org, b.example.org, c.example.org and 2 more are new, and Helm adds none in an upgrade. "
        "First: kubectl apply --server-side -f crds/"
    )


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (
            ChartOci(oci="oci://charts.example.org/demo"),
            "helm show crds oci://charts.example.org/demo --version 1.4.0",
        ),
        (
            ChartRepository(repo="https://charts.example.org", name="demo"),
            "helm show crds demo --repo https://charts.example.org --version 1.4.0",
        ),
    ],
)
def test_a_chart_from_elsewhere_is_read_from_there(source: ChartSource, command: str) -> None:
    (line,) = told(beside(None), source=source)
    assert line.endswith(f"First: {command} | kubectl apply --server-side -f -")
    (line,) = told(beside(kept(definition(minimum=1))), source=source)
    assert line.endswith(f"To change that: {command} | kubectl apply --server-side -f -")


def test_one_that_may_not_be_read_is_said_to_stay_as_it_is() -> None:
    unread = Definition("widgets.example.org", "crds/x.yaml", definition(), None, is_read=False)
    assert told(unread) == ["CRD widgets.example.org may not be read: Helm leaves what is there as it is"]


async def test_a_charts_definitions_are_read_beside_the_clusters(tmp_path: Path) -> None:
    """One that is there, one that is new; what is no definition is passed over, as Helm leaves it or refuses it."""
    there, new = definition(), definition("gadgets.example.org")
    new["spec"]["names"] = {"kind": "Gadget", "plural": "gadgets"}
    crds = {
        "demo/crds/all.yaml": yaml.safe_dump_all([there, None, ["x"], {"kind": "ConfigMap"}]),
        "demo/crds/broken.yaml": "a: [",
        "demo/crds/sub/gadgets.yaml": yaml.safe_dump(new),
    }
    async with KubernetesServer() as server:
        (tmp_path / "kubeconfig").write_text(server.kubeconfig())
        async with Cluster(ClusterAccess(tmp_path / "kubeconfig")) as cluster:
            await cluster.create(API_VERSION, KIND, None, there)
            one, two = await read_definitions(cluster, crds)
            unread, _ = await read_definitions(cluster.as_(Identity("nobody")), crds)
    assert (one.name, one.file, one.chart) == ("widgets.example.org", "crds/all.yaml", there)
    assert one.live is not None
    assert one.live["metadata"]["uid"]
    assert (one.is_read, one.is_there, one.kind) == (True, True, ("example.org", "Widget"))
    assert (two.name, two.file, two.live) == ("gadgets.example.org", "crds/sub/gadgets.yaml", None)
    assert (two.is_read, two.is_there, two.kind) == (True, False, ("example.org", "Gadget"))
    assert (unread.name, unread.file, unread.chart, unread.live) == (one.name, one.file, there, None)
    assert (unread.is_read, unread.is_there) == (False, True)


@pytest.mark.parametrize("item", [{}, {"spec": None}, {"spec": {"group": None, "names": None}}])
def test_a_definition_of_an_odd_shape_defines_no_kind(item: dict[str, Any]) -> None:
    assert Definition("x", "crds/x.yaml", item, None).kind == ("", "")


def test_what_is_there_already_is_not_brought_by_an_install() -> None:
    unread = Definition("b", "crds/b.yaml", definition(), None, is_read=False)
    assert brought([beside(kept(definition())), unread], installs=True) == frozenset()


def test_each_sort_has_a_line_of_its_own() -> None:
    new = [beside(None, name) for name in ("a.example.org", "b.example.org")]
    other = [beside(kept(definition(minimum=1)), name) for name in ("c.example.org", "d.example.org")]
    unread = [
        Definition(name, "crds/x.yaml", definition(), None, is_read=False)
        for name in ("e.org", "f.org", "g.org")
    ]
    apply = "kubectl apply --server-side -f crds/"
    assert told(*new, *other, *unread) == [
        f"CRDs a.example.org and b.example.org are new, and Helm adds none in an upgrade. First: {apply}",
        "CRDs c.example.org and d.example.org differ from the cluster's, which Helm leaves as they are. "
        f"To change that: {apply}",
        "CRDs e.org, f.org and g.org may not be read: Helm leaves what is there as it is",
    ]


def test_several_in_one_file_are_one_file_to_apply() -> None:
    new = [Definition(name, "crds/all.yaml", definition(name), None) for name in ("a.org", "b.org")]
    (line,) = told(*new)
    assert line.endswith("First: kubectl apply --server-side -f crds/all.yaml")


@pytest.mark.parametrize(
    ("chart", "live", "alike"),
    [
        ({"scope": "Cluster"}, {"scope": "Namespaced"}, False),
        ({"scope": "Cluster"}, {"scope": "Cluster", "conversion": {"strategy": "None"}}, True),
        ({"versions": [{"name": "v1", "served": True}]}, {"versions": [{"name": "v1", "served": False}]}, False),
        ({"versions": [{"name": "v1"}]}, {"versions": [{"name": "v1", "served": True}]}, True),
        ({"versions": [{"name": "v1"}]}, {"versions": [{"name": "v2"}]}, False),
        ({"versions": [{"name": "v1", "schema": {"a": 1}}]}, {"versions": [{"name": "v1"}]}, False),
        ({"versions": [{"name": "v1"}]}, {"versions": [{"name": "v1", "schema": {"a": 1}}]}, False),
        ({"versions": [{"name": "v1", "schema": {"a": False, "b": [{"c": ""}]}}]},
         {"versions": [{"name": "v1", "schema": {"b": [{}]}}]}, True),
        ({"versions": [{"name": "v1", "schema": {"a": 0}}]}, {"versions": [{"name": "v1", "schema": {}}]}, False),
        ({"versions": [{"name": "v1", "schema": {"a": 0.0}}]}, {"versions": [{"name": "v1", "schema": {}}]}, False),
        ({"versions": [{"name": "v1", "schema": {"b": [{"c": 1}]}}]},
         {"versions": [{"name": "v1", "schema": {"b": [{"c": 2}]}}]}, False),
        ({"versions": [{"name": "v1", "served": True}, {"name": "v2", "served": False}]},
         {"versions": [{"name": "v2", "served": False}, {"name": "v1", "served": True}]}, True),
        ({"versions": [{"name": "v1", "served": True}, {"name": "v2"}]},
         {"versions": [{"name": "v1", "served": False}, {"name": "v2"}]}, False),
        ({"versions": [{"name": "v1"}, {"name": "v2"}]}, {"versions": [{"name": "v2"}]}, False),
        ({"versions": [{"name": "v1"}]}, {"versions": "x"}, False),
        ({"versions": [5]}, {"versions": []}, True),
        (None, None, True),
        (None, {"scope": "Cluster"}, True),
        ({"scope": "Cluster"}, None, False),
    ],
)  # fmt: skip
def test_two_are_the_same_where_the_server_only_filled_in(chart: Any, live: Any, alike: bool) -> None:
    assert same({"spec": chart}, {"spec": live}) is alike
