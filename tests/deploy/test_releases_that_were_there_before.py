"""Over a revision that somebody else made: who made it, what of it would be lost, and how that is kept."""

import asyncio
import re
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adopting import adopt
from bot.helm.releases import ReleaseRecord
from bot.planning.errors import PlanRefused
from bot.sandbox.installing import upgrade_by_hand
from bot.sandbox.objects import delete_objects
from tests.worlds import LONGEST, World, spaced

BY_HAND = {
    "web": {"replicas": 4, "env": {"GREETING": "hello"}},
    "config": {"FEATURE": "carts", "CURRENCY": "USD", "ODD": "0755"},
    "secrets": {"API_TOKEN": "nobody-sees-this"},
}


async def given(world: World, app: str, environment: str = "staging") -> ReleaseRecord:
    """The newest revision with its values."""
    target = world.parts.current.config.target(app, environment)
    site = await world.parts.planner.site(target, None)
    return await world.parts.helm.get(site.location, None, None)


async def upgraded_by_hand(
    world: World, app: str, more: dict[str, Any], description: str | None = None
) -> None:
    """What a pipeline does with Helm and values of its own."""
    await upgrade_by_hand(world.parts.current.config, app, "staging", more, description)


async def test_a_plan_names_who_made_it_and_what_would_be_lost_until_it_is_adopted(
    world: World, tmp_path: Path
) -> None:
    await upgraded_by_hand(world, "shop", BY_HAND, "CI build 412")
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging", buttons=["Full diff"])
    text = spaced(plan.text)
    assert "Revision 3 was made by helm (CI build 412), not by Pilothouse, just now" in text
    assert "config.FEATURE carts" in text
    assert "secrets.API_TOKEN •••" in text
    assert "web.env.GREETING •••" in text
    assert "config.CURRENCY" not in text  # the configuration has one: the diff says what becomes of it
    assert "nobody-sees-this" not in text

    configs = (*world.sandbox.configs, tmp_path / "extra.yaml")
    out = StringIO()
    assert await adopt(configs, world.sandbox.secrets, "shop", "staging", None, "", out) == 0
    file = tmp_path / "values" / "shop-staging-adopted.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert yaml.safe_load(file.read_text()) == BY_HAND
    assert "#   secrets.API_TOKEN" in file.read_text()
    printed = out.getvalue()
    assert not {"carts", "hello", "nobody-sees-this", "USD"} & set(printed.split())
    with pytest.raises(PlanRefused, match="is there already"):
        await adopt(configs, world.sandbox.secrets, "shop", "staging", None, "", out)
    with pytest.raises(PlanRefused, match="inside the folder"):
        await adopt(configs, world.sandbox.secrets, "shop", "staging", Path("../out.yaml"), "", out)

    pasted = printed.partition("apps:")[1:]
    (tmp_path / "extra.yaml").write_text("".join(pasted).partition("Then look")[0], encoding="utf-8")
    world.kim.says("/reload")
    await world.sees("Configuration reloaded")
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging")
    assert "lose" not in plan.text
    assert "CURRENCY" not in plan.text

    await world.dana.presses("Deploy to staging")
    await world.sees("✅ shop → staging v1.2")
    record = await given(world, "shop")
    assert record.values["config"]["FEATURE"] == "carts"
    assert record.values["secrets"] == BY_HAND["secrets"]
    world.dana.says("/deploy shop v1.1 staging")
    plan = await world.sees("Plan: shop → staging")
    assert "not by Pilothouse" not in plan.text
    out = StringIO()
    assert await adopt(configs, world.sandbox.secrets, "shop", "staging", Path("again.yaml"), "", out) == 0
    assert not (tmp_path / "again.yaml").exists()


async def test_values_are_passed_whole_and_marks_are_not_inherited(world: World) -> None:
    await upgraded_by_hand(world, "blog", {"config": {"OLD": "value"}})
    await world.dana.deploys("v1.0", app="blog")
    await world.sees("✅ blog → staging v1.0")
    assert "OLD" not in (await given(world, "blog")).values.get("config", {})
    # Helm hands the labels of our revision on to the next one, whoever makes it.
    await upgraded_by_hand(world, "blog", {"config": {"NEWER": "1"}})
    world.dana.says("/deploy blog v1.0 staging")
    plan = spaced((await world.sees("Plan: blog → staging")).text)
    assert "was made by helm, not by Pilothouse" in plan
    assert "config.NEWER 1" in plan


async def test_an_unhealthy_revision_is_no_way_back_and_the_plan_promises_none(world: World) -> None:
    world.dana.says("/deploy blog v1.0 staging")
    plan = spaced((await world.sees("Plan: blog → staging")).text)
    assert "If it fails: back to v0.9" in plan
    assert "unhealthy" not in plan
    world.dana.says("/deploy blog v1.0 production")
    assert "If it fails: removed, disks kept" in spaced((await world.sees("Plan: blog → PRODUCTION")).text)

    world.sandbox.servers.behaviours.order("registry/blog:v0.9", "crash")
    await delete_objects(world.cluster, "pod/blog-*", "blog-staging")
    async with asyncio.timeout(LONGEST):
        while True:
            world.dana.says("/status blog staging")
            if "❌" in (await world.sees("blog")).text:
                break
    world.dana.says("/deploy blog v1.0 staging")
    plan = spaced((await world.sees("Plan: blog → staging")).text)
    assert re.search("⚠️ v0.9 is unhealthy already: .+; no way back to it", plan)
    assert "If it fails: it stays, no healthy revision to go back to" in plan
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "broken")
    await world.dana.presses("Deploy to staging")
    ended = await world.sees("❌ blog → staging v1.0 failed")
    assert "No earlier revision is known to have been healthy, so it stays" in spaced(ended.text)
    assert world.history("blog", "blog-staging")[-1] == "deployed"
