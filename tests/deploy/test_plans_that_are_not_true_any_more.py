"""Between plan and end the world moves: other people's releases, configurations, runs that died."""

from dataclasses import replace
from pathlib import Path

from bot.helm.client import Helm
from bot.helm.releases import Location
from tests.security.acting import forges
from tests.worlds import QUICK, World, open_bot_world


def _location(world: World, app: str, environment: str) -> Location:
    target = world.parts.current.config.target(app, environment)
    return Location(target.access, target.namespace, target.release)


async def test_a_plan_that_somebody_else_overtook_is_made_anew(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging v1.2")
    async with Helm() as helm:
        await helm.rollback(_location(world, "shop", "staging"), 1, timeout=30)
    await world.dana.presses("Deploy to staging")
    anew = await world.sees("Since you looked: another revision is deployed", buttons=["Deploy to staging"])
    assert anew.id == plan.id
    assert "now v1.0" in anew.text.replace("\u00a0", " ")
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_an_unfinished_release_is_explained_and_mended_after_its_time_out(world: World) -> None:
    world.leave_unfinished("shop", "shop-staging", 2)
    world.dana.says("/deploy shop v1.2 staging")
    stuck = await world.sees("shop: deploy unfinished")
    assert "Revision 2" in stuck.text
    assert not [button for row in stuck.buttons for button in row if "back" in button.label]
    world.clock.move(minutes=10)
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("If that run is dead", buttons=["Roll back to 1"])
    await world.dana.presses("Roll back to 1")
    await world.sees("✅ shop → staging is mended\nRevision 1 is back")
    await world.dana.deploys("v1.2")
    await world.sees("✅ shop → staging v1.2")
    assert world.history("shop", "shop-staging")[-1] == "deployed"


async def test_a_reload_changes_nothing_for_a_deploy_that_runs(world: World, tmp_path: Path) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
    await world.dana.deploys("v1.0", app="blog")
    (tmp_path / "extra.yaml").write_text("environments: {staging: {on_failure: leave}}\n")
    world.kim.says("/reload", "private")
    await world.sees("Configuration reloaded", chat="private kim")
    await world.sees("↩️ blog → staging v0.9 is back")
    (tmp_path / "extra.yaml").write_text("environments:\n  staging: {on_failure: leve}\n")
    world.kim.says("/reload", "private")
    refused = await world.sees("Not reloaded: the old one stays", chat="private kim")
    assert "extra.yaml:2" in refused.text or "line 2" in refused.text
    await world.dana.deploys("v1.0", app="blog")
    await world.sees("❌ blog → staging v1.0 failed")


async def test_a_cluster_that_is_away_for_a_while_is_waited_for(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, pace=replace(QUICK, ready_slow=8)) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
        await world.dana.deploys("v1.0", app="blog")
        await world.sees(r"blog +\d/2")
        await world.until_written("blog", "blog-staging")  # what Helm writes at last would be written again
        await world.cluster.down(10)
        await world.sees("🔄 blog(.|\n)*⏳")
        await world.sees(r"✅ blog → staging v1\.0")
        assert world.history("blog", "blog-staging") == ["superseded", "superseded", "deployed"]


async def test_a_newer_plan_takes_the_buttons_of_the_one_before(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    first = await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    world.lee.says("/deploy shop v1.3 staging")
    lees = await world.sees("Plan: shop → staging v1.3", buttons=["Deploy to staging"])
    world.dana.says("/rollback shop staging 1")
    second = await world.sees("Roll back: shop → staging v1.0", buttons=["Roll back to v1.0"])
    stripped = await world.sees("Plan: shop → staging v1.2")
    assert (stripped.id, stripped.buttons) == (first.id, ())
    assert stripped.text == first.text
    place = world.place("team", world.dana.person)
    beside = world.telegram.message(place.id, lees.id)
    assert beside is not None
    assert beside.buttons == lees.buttons
    token = first.buttons[0][0].data or ""
    answer = await forges(world, world.dana.person, second, token)
    assert answer.text
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]
