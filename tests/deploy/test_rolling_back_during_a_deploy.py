"""At 3 a.m. somebody else's deploy runs: two taps stop it and go back, and its author hears of it."""

from pathlib import Path

import pytest

from tests.worlds import World, open_bot_world, spaced

LEAVE = "environments: {staging: {on_failure: leave}}"


async def lee_deploys(world: World) -> None:
    """Lee's deploy of blog v1.0 is under way, and its pods take long."""
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.lee.deploys("v1.0", app="blog", chat="private")
    await world.sees("blog +[01]/2", chat="private lee")


@pytest.mark.parametrize(
    ("extra", "revisions", "words"),
    [
        ("", 4, "Stopping the deploy had brought it back"),
        (LEAVE, 4, "2 of 2 ready"),
    ],
)
async def test_one_press_stops_it_and_goes_back(
    tmp_path: Path, extra: str, revisions: int, words: str
) -> None:
    async with open_bot_world(tmp_path, extra) as world:
        await lee_deploys(world)
        world.dana.says("/rollback blog staging")
        plan = await world.sees(
            "Roll back: blog → staging v0.9", buttons=["Stop Lee's deploy and roll back", "Close"]
        )
        assert "Stops Lee's deploy of v1.0 first" in spaced(plan.text)
        await world.dana.presses("Stop Lee's deploy")
        end = await world.sees("↩️ blog → staging v0.9 is back")
        assert end.id == plan.id
        assert words in spaced(end.text)
        stopped = await world.sees("⏹ blog → staging cancelled", chat="private lee")
        assert "By Dana" in stopped.text
        told = await world.sees("Lee: blog → staging v1.0 was stopped by Dana", chat="private lee")
        assert not told.silent
        history = world.history("blog", "blog-staging")
        assert len(history) == revisions
        assert history[-1] == "deployed"


async def test_it_takes_the_right_to_roll_back_and_no_other(tmp_path: Path) -> None:
    extra = """
roles: {rescuer: {permissions: [app.view, deploy.rollback]}}
bindings:
  - {role: admin, people: [kim]}
  - {role: developer, people: [lee], environments: [staging]}
  - {role: rescuer, people: [vic], environments: [staging]}
"""
    async with open_bot_world(tmp_path, extra) as world:
        await lee_deploys(world)
        world.vic.says("/cancel")
        await world.sees("Refused")
        world.vic.says("/rollback blog staging")
        await world.sees("Roll back: blog", buttons=["Stop Lee's deploy and roll back"])
        await world.vic.presses("Stop Lee's deploy")
        await world.sees("↩️ blog → staging v0.9 is back")


async def test_a_deploy_that_ends_first_is_not_rolled_back_unasked(world: World) -> None:
    world.lee.says("/deploy shop v1.2 staging", "private")
    await world.sees("Plan: shop → staging v1.2", chat="private lee")
    world.sandbox.servers.behaviours.order("registry/shop:v1.2", "slow", task=True)
    await world.lee.presses("Deploy to staging", chat="private")
    await world.sees("🔄 Migrate job", chat="private lee")
    world.dana.says("/rollback shop staging")
    await world.sees("Roll back: shop → staging v1.1", buttons=["Stop Lee's deploy and roll back"])
    world.lee.says("/cancel", "private")
    await world.sees("⏹ shop → staging cancelled", chat="private lee")
    await world.dana.presses("Stop Lee's deploy")
    anew = await world.sees("Since you looked: who has the release changed|already is")
    assert "Stop Lee's" not in str(anew.buttons)


async def test_a_first_install_has_nothing_to_go_back_to(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    world.dana.says("/deploy blog v1.0 production")
    await world.sees("Plan: blog → PRODUCTION v1.0")
    await world.dana.presses("Deploy to PRODUCTION")
    await world.sees("blog +[01]/2")
    world.dana.says("/rollback blog production")
    taken = await world.sees("blog in production is taken")
    assert "Stop" not in str(taken.buttons)
