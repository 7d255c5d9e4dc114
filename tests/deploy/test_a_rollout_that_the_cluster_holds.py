"""What the cluster keeps up is held: told, asked about, gone on with by itself, and never rolled back by itself."""

from pathlib import Path

from bot.sandbox.kubernetes.storage import Key
from tests.installed import open_world
from tests.worlds import QUICK, MovableClock, World, open_bot, open_bot_world, spaced

SOON = "environments: {staging: {on_failure: rollback, fail_early: {image_grace: 1s}}}"
BUTTONS = ("Roll back to v0.9", "Keep waiting", "Leave it")


def cordon(world: World, *, no_more: bool) -> None:
    """Whether the nodes take no new pods."""
    for name in ("worker-1", "worker-2", "worker-3"):
        key = Key("", "nodes", "", name)
        node = world.cluster.storage.get(key)
        assert node is not None
        node["spec"]["unschedulable"] = no_more
        world.cluster.storage.put(key, node)


async def test_it_waits_goes_on_and_is_left_or_taken_back_by_people_alone(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, SOON) as world:
        cordon(world, no_more=True)
        plan = await world.dana.deploys("v1.0", app="blog")
        held = await world.sees("⏸ blog → staging v1.0 · held", buttons=BUTTONS)
        assert held.id == plan.id
        assert "Nodes are cordoned" in held.text
        assert "it goes on when that heals" in held.text
        call = await world.sees("Dana: blog → staging v1.0 is held\nNodes are cordoned")
        assert not call.silent
        assert "goes on by itself" in await world.dana.presses("Keep waiting")
        waiting = await world.sees("⏸ blog → staging v1.0 · held(.|\n)*Dana lets it wait")
        assert "Keep waiting" not in str(waiting.buttons)
        cordon(world, no_more=False)
        await world.sees(r"✅ blog → staging v1\.0")
        assert world.history("blog", "blog-staging")[-1] == "deployed"

        cordon(world, no_more=True)
        await world.dana.deploys("v0.8", app="blog")
        await world.sees("⏸ blog → staging v0.8 · held", buttons=["Roll back to v1.0"])
        assert "Needs: cancel what others started" in await world.lee.presses("Leave it")
        assert "left as it is" in await world.dana.presses("Leave it")
        left = await world.sees("⏹ blog → staging cancelled")
        assert "Left as it is" in left.text
        assert len(world.history("blog", "blog-staging")) == 4

        await world.dana.deploys("v0.9", app="blog")
        await world.sees("⏸ blog → staging v0.9 · held", buttons=["Roll back to v1.0"])
        await world.lee.presses("Roll back to v1.0")
        await world.sees("Roll back: blog → staging v1.0", buttons=["Stop Dana's deploy and roll back"])
        await world.lee.presses("Stop Dana's deploy")
        await world.sees("↩️ blog → staging v1.0 is back")
        await world.sees("Dana: blog → staging v0.9 was stopped by Lee")


async def test_a_restart_neither_forgets_it_nor_asks_anew(tmp_path: Path) -> None:
    clock = MovableClock()
    laid_over = tmp_path / "extra.yaml"
    laid_over.write_text(SOON)
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        async with open_bot(sandbox, laid_over, clock=clock) as world:
            cordon(world, no_more=True)
            await world.dana.deploys("v1.0", app="blog")
            before = await world.sees("⏸ blog → staging v1.0 · held", buttons=BUTTONS)
            call = await world.sees("Dana: blog → staging v1.0 is held")
        async with open_bot(sandbox, laid_over, clock=clock) as world:
            world.mark()
            again = await world.sees("⏸ blog → staging v1.0 · held", buttons=BUTTONS)
            assert again.id == before.id
            cordon(world, no_more=False)
            end = await world.sees(r"✅ blog → staging v1\.0")
            assert end.id == before.id
            calls = [each for each in world.news() if "is held" in spaced(each.text)]
            assert [each.id for each in calls if each.id != call.id and each.id != end.id] == []


async def test_a_hook_that_finds_no_node_is_not_the_versions_fault(tmp_path: Path) -> None:
    extra = "environments: {staging: {on_failure: rollback, timeout: 4s, fail_early: {image_grace: 1s}}}\n"
    async with open_bot_world(tmp_path, extra) as world:
        cordon(world, no_more=True)
        await world.dana.deploys("v1.2")
        await world.sees("⏸ shop → staging v1.2 · held", buttons=["Roll back to v1.1", "Leave it"])
        end = await world.sees("❌ shop → staging v1.2 failed", buttons=["Try again"])
        assert "Nodes are cordoned" in end.text
        assert "Not this version's doing: nothing was rolled back" in end.text
        assert world.history("shop", "shop-staging") == ["superseded", "deployed", "failed"]
        cordon(world, no_more=False)
        await world.dana.presses("Try again")
        await world.sees("Plan: shop → staging v1.2")
        await world.dana.presses("Deploy to staging")
        await world.sees(r"✅ shop → staging v1\.2")
