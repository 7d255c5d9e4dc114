"""Who began with us goes on by `helm`, and the other way round: one history, one field manager, no conflicts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from bot.helm.client import Helm
from tests.helm_cli.commands import CHART, RELEASE, Place, chart

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOLE = ("configmap", "deployment", "service")
BY_APPLY = {("helm", "Apply")}


async def test_the_command_line_goes_on_with_what_was_installed_here(ours: Helm, place: Place) -> None:
    await ours.upgrade(place.at, await chart(), {"greeting": "from here", "more": "1"}, timeout=60)
    shown = json.loads(await place.helm("get", "values", RELEASE, "--output", "json"))
    assert shown == {"greeting": "from here", "more": "1"}

    await place.helm("upgrade", RELEASE, str(CHART), "--set", "greeting=from there")
    assert (await place.value("greeting"), await place.value("more")) == ("from there", "")
    await place.helm("rollback", RELEASE, "1")
    assert (await place.value("greeting"), await place.value("more")) == ("from here", "1")
    assert await place.history() == [
        (1, "superseded", "Install complete"),
        (2, "superseded", "Upgrade complete"),
        (3, "deployed", "Rollback to 1"),
    ]
    assert [await place.managers(kind, RELEASE) for kind in WHOLE] == [BY_APPLY] * 3

    await place.helm("uninstall", RELEASE, "--wait")
    assert await place.left() == []


async def test_we_go_on_with_what_the_command_line_installed(ours: Helm, place: Place) -> None:
    await place.helm("install", RELEASE, str(CHART), "--set", "greeting=from there,more=1")
    assert (await ours.get(place.at)).values == {"greeting": "from there", "more": 1}

    await ours.upgrade(place.at, await chart(), {"greeting": "from here"}, timeout=60)
    assert (await place.value("greeting"), await place.value("more")) == ("from here", "")
    await ours.rollback(place.at, 1, timeout=60)
    assert (await place.value("greeting"), await place.value("more")) == ("from there", "1")
    seen = [(each.number, each.status, each.description) for each in await ours.history(place.at)]
    assert seen == await place.history()
    assert [await place.managers(kind, RELEASE) for kind in WHOLE] == [BY_APPLY] * 3

    await ours.uninstall(place.at, timeout=60)
    assert await place.left() == []


async def test_either_makes_the_same_record(ours: Helm, place: Place) -> None:
    await ours.upgrade(place.at, await chart(), {"greeting": "hi"}, timeout=60)
    await place.helm("upgrade", RELEASE, str(CHART), "--set", "greeting=hi")
    first, second = await place.records()
    for each in first, second:
        assert each["type"] == "helm.sh/release.v1"
        assert each["metadata"]["name"] == f"sh.helm.release.v1.{RELEASE}.v{each['release']['version']}"
    assert labels_of(first) == {"name": RELEASE, "owner": "helm", "status": "superseded", "version": "1"}
    assert labels_of(second) == {"name": RELEASE, "owner": "helm", "status": "deployed", "version": "2"}
    assert first["release"].keys() == second["release"].keys()
    assert first["release"]["apply_method"] == second["release"]["apply_method"] == "ssa"
    assert manifest_of(first) == manifest_of(second)


def labels_of(record: dict[str, Any]) -> dict[str, str]:
    """Without the times."""
    labels: dict[str, str] = record["metadata"]["labels"]
    return {key: value for key, value in labels.items() if not key.endswith("At")}


def manifest_of(record: dict[str, Any]) -> list[Any]:
    """The objects: versions of Helm differ in the blank lines between them."""
    return list(yaml.safe_load_all(record["release"]["manifest"]))
