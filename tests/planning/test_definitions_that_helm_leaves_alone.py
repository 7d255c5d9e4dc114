"""The definitions in a chart's `crds/`: which of them Helm leaves as they are, and what changes that."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import ChartFolder, ChartOci, ChartRepository, ChartSource
from bot.planning.definitions import Definition, brought, left_alone, same

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


def test_one_that_may_not_be_read_is_said_to_stay_as_it_is() -> None:
    unread = Definition("widgets.example.org", "crds/x.yaml", definition(), None, is_read=False)
    assert told(unread) == ["CRD widgets.example.org may not be read: Helm leaves what is there as it is"]
