"""Stopping a deploy: never by a double tap, never half-way."""

from dataclasses import replace
from pathlib import Path

from tests.worlds import QUICK, World, open_bot_world, spaced


async def test_a_double_tap_does_not_cancel(world: World) -> None:
    world.clock.stop()
    await world.dana.deploys("v1.2")
    await world.sees("🔄 shop → staging v1.2", buttons=["Cancel deploy"])
    assert "press again to cancel" in await world.dana.presses("Cancel deploy")
    await world.sees(r"✅ shop → staging v1\.2")


async def test_a_cancel_in_the_middle_restores_what_was_there(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    await world.sees("blog +[01]/2")
    world.clock.move(seconds=3)
    assert "Cancelling" in await world.dana.presses("Cancel deploy")
    end = await world.sees("⏹ blog → staging cancelled")
    assert "By Dana" in end.text
    assert "v0.9 is back" in spaced(end.text)
    assert world.history("blog", "blog-staging")[-1] == "deployed"


async def test_a_cancel_while_a_hook_runs_leaves_nothing_pending(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/shop:v1.2", "slow", task=True)
    await world.dana.deploys("v1.2")
    await world.sees("🔄 Migrate job")
    world.dana.says("/cancel")
    await world.sees("Cancelling shop → staging")
    end = await world.sees("⏹ shop → staging cancelled")
    assert "v1.1 is back" in spaced(end.text)
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "failed", "deployed"]


async def test_where_the_environment_says_leave_a_cancelled_deploy_is_left(tmp_path: Path) -> None:
    extra = "environments: {staging: {on_failure: leave}}"
    async with open_bot_world(tmp_path, extra, pace=replace(QUICK, ready_slow=3)) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
        await world.dana.deploys("v1.0", app="blog")
        await world.sees("blog +[01]/2")
        world.dana.says("/cancel")
        end = await world.sees("⏹ blog → staging cancelled")
        assert "Left as it is" in end.text
        world.sandbox.servers.behaviours.order("registry/blog:v0.8", "crash")
        await world.dana.deploys("v0.8", app="blog")
        end = await world.sees("❌ blog → staging v0.8 failed")
        assert "Left as it is" in end.text


async def test_a_hook_that_cannot_succeed_locks_nothing_where_failures_are_left(tmp_path: Path) -> None:
    extra = "environments: {staging: {on_failure: leave, fail_early: {image_grace: 1s}}}"
    async with open_bot_world(tmp_path, extra) as world:
        world.sandbox.servers.behaviours.order("registry/shop:v1.2", "broken")
        await world.dana.deploys("v1.2")
        end = await world.sees("❌ shop → staging v1.2 failed")
        assert "Left as it is" in end.text
        assert world.history("shop", "shop-staging") == ["superseded", "deployed", "failed"]
        await world.dana.deploys("v1.3")
        await world.sees("✅ shop → staging v1.3")


async def test_a_double_tap_does_not_cancel_a_rollback_and_a_choice_of_revisions_leads_there(
    world: World,
) -> None:
    world.dana.says("/rollback shop staging")
    await world.sees(
        "no known way back\nNo earlier revision of shop", buttons=["Roll back to 1", "History", "Close"]
    )
    await world.dana.presses("Roll back to 1")
    plan = await world.sees("Roll back: shop → staging v1.0", buttons=["Roll back to v1.0"])
    assert "Nobody knows whether revision 1 was healthy" in spaced(plan.text)
    world.clock.stop()
    await world.dana.presses("Roll back to v1.0")
    await world.sees("🔄 shop → staging back to v1.0", buttons=["Cancel"])
    assert "press again to cancel" in await world.dana.presses("Cancel")
    await world.sees(r"↩️ shop → staging v1\.0 is back")
