"""What somebody changed beside the bot is in the plan before it is overwritten, and is told by itself when asked."""

import re
from pathlib import Path

from bot.sandbox.objects import delete_objects
from tests.hands import edited, scaled
from tests.worlds import World, open_bot_world, spaced

DEPLOYMENT = "/apis/apps/v1/namespaces/shop-staging/deployments/shop"


async def test_a_plan_says_what_was_changed_by_hand_and_what_becomes_of_it(world: World) -> None:
    world.dana.says("/drift shop staging")
    assert "✅ shop is as deployed" in spaced((await world.sees("shop")).text)

    await scaled(world, "shop", "shop-staging", 5)
    container = {"name": "web", "env": [{"name": "DEBUG", "value": "nobody-sees-this"}]}
    await edited(world, DEPLOYMENT, {"spec": {"template": {"spec": {"containers": [container]}}}})
    await delete_objects(world.cluster, "service/shop", "shop-staging")

    world.dana.says("/drift shop staging")
    found = await world.sees("changes by hand", buttons=["Plan to set it back", "History"])
    text = spaced(found.text)
    assert "⚠️ shop: 3 changes by hand" in text
    assert re.search(
        r"• shop: replicas \d → 5, by kubectl$", text, re.MULTILINE
    )  # no time: so the server keeps it
    assert "• shop: variable DEBUG added, by kubectl-edit, just now" in text
    assert "• Service shop is gone" in text

    await world.dana.presses("Plan to set it back")
    plan = spaced((await world.sees("Plan: shop → staging v1.1")).text)
    assert re.search(r"• shop: replicas (\d) → 5, by kubectl: taken over, set back to \1", plan)
    assert "• shop: variable DEBUG added, by kubectl-edit, just now: stays" in plan
    assert "• Service shop is gone: made again" in plan
    assert "nobody-sees-this" not in plan


async def test_all_that_one_may_see_is_looked_at_the_most_changed_first(world: World) -> None:
    await scaled(world, "blog", "blog-staging", 3)
    world.dana.says("/drift")
    found = await world.sees("Drift in 1 of", buttons=["blog staging", "Refresh"])
    lines = spaced(found.text).splitlines()
    assert re.match(r"⚠️ blog · staging v0\.9 · 1 change · kubectl", lines[1])
    assert any(re.match(r"✅ shop · staging v1\.1 · as deployed", line) for line in lines)
    await world.dana.presses("blog staging")
    await world.sees("blog: 1 change by hand", buttons=["Plan to set it back", "‹ Drift"])


async def test_values_are_not_told_where_the_environment_shows_summaries(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, "environments: {staging: {disclose: summary}}") as world:
        await scaled(world, "shop", "shop-staging", 5)
        world.vic.says("/drift shop staging")
        text = spaced((await world.sees("1 change by hand")).text)
        assert "shop: replicas changed, by kubectl" in text
        assert "Values of staging are not shown in chats" in text
