"""A release that was made by client-side apply, as Helm 3 does, is changed that way by us too."""

from __future__ import annotations

import json

import pytest

from bot.helm.client import Helm
from tests.helm_cli.commands import CHART, RELEASE, Place, chart, packed

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOLE = ("configmap", "deployment", "service")
BY_UPDATE = {("helm", "Update")}


async def test_our_upgrade_and_rollback_keep_client_side_apply(ours: Helm, place: Place) -> None:
    await place.helm("install", RELEASE, str(CHART), "--server-side=false", "--set", "more=1")
    await ours.upgrade(place.at, await chart(), {"greeting": "from here"}, timeout=60)
    assert (await place.value("greeting"), await place.value("more")) == ("from here", "")
    await ours.rollback(place.at, 1, timeout=60)
    assert (await place.value("greeting"), await place.value("more")) == ("hello", "1")
    assert [each["release"]["apply_method"] for each in await place.records()] == ["csa"] * 3
    assert [await place.managers(kind, RELEASE) for kind in WHOLE] == [BY_UPDATE] * 3
    await place.helm("upgrade", RELEASE, str(CHART), "--set", "greeting=from there")
    assert [await place.managers(kind, RELEASE) for kind in WHOLE] == [BY_UPDATE] * 3
    await ours.uninstall(place.at, timeout=60)
    assert await place.left() == []


async def test_a_record_that_says_no_method_is_helm_3s(ours: Helm, place: Place) -> None:
    await place.helm("install", RELEASE, str(CHART), "--server-side=false")
    await _as_helm_3_wrote_it(place)
    await ours.upgrade(place.at, await chart(), {"greeting": "from here"}, timeout=60)
    assert await place.value("greeting") == "from here"
    assert [await place.managers(kind, RELEASE) for kind in WHOLE] == [BY_UPDATE] * 3
    await place.helm("rollback", RELEASE, "1")
    assert await place.value("greeting") == "hello"


async def test_a_release_that_was_moved_to_server_side_apply_stays_there(ours: Helm, place: Place) -> None:
    await place.helm("install", RELEASE, str(CHART), "--server-side=false", "--set", "more=1")
    await place.helm("upgrade", RELEASE, str(CHART), "--server-side=true", "--set", "more=2")
    await ours.upgrade(place.at, await chart(), {"greeting": "from here"}, timeout=60)
    assert (await place.value("greeting"), await place.value("more")) == ("from here", "")
    assert [each["release"]["apply_method"] for each in await place.records()] == ["csa", "ssa", "ssa"]


async def test_an_installation_after_its_removal_is_by_server_side_apply(ours: Helm, place: Place) -> None:
    await place.helm("install", RELEASE, str(CHART), "--server-side=false")
    await place.helm("uninstall", RELEASE, "--keep-history", "--wait")
    await ours.upgrade(place.at, await chart(), {}, timeout=60)
    assert await place.managers("configmap", RELEASE) == {("helm", "Apply")}
    await place.helm("upgrade", RELEASE, str(CHART), "--set", "greeting=from there")
    assert await place.value("greeting") == "from there"


async def _as_helm_3_wrote_it(place: Place) -> None:
    """Helm 3 has no field for the method of applying."""
    (record,) = await place.records()
    release = {key: value for key, value in record["release"].items() if key != "apply_method"}
    patch = json.dumps({"data": {"release": packed(release)}})
    await place.kubectl("patch", "secret", record["metadata"]["name"], "--patch", patch)
