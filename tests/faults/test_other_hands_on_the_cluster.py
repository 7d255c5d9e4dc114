"""Others work on what the bot deploys, with kubectl and Helm's command line: nothing of theirs is undone unseen."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.world import CHART
from tests.worlds import QUICK, World, open_bot_world, spaced

BLOG = Key("apps", "deployments", "blog-staging", "blog")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_bot_world(tmp_path, pace=replace(QUICK, ready_slow=600)) as world:
        yield world


async def by_hand(world: World, program: Path, *words: str) -> None:
    """What an administrator does in blog's namespace on staging."""
    process = await asyncio.create_subprocess_exec(
        str(program), "--kubeconfig", str(world.sandbox.kubeconfig), "--namespace", "blog-staging", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def upgraded(world: World, programs: Mapping[str, Path], tag: str) -> None:
    """Somebody brings another version out, with Helm's command line, once no other run of Helm is under way."""
    await world.until_written("blog", "blog-staging")
    values = f"image.tag={tag},image.digest="
    await by_hand(world, programs["helm"], "upgrade", "blog", str(CHART), "--reuse-values", "--set", values)


async def test_who_upgrades_as_well_is_noticed_before_and_during_the_rollout(
    world: World, programs: Mapping[str, Path]
) -> None:
    for tag, behaves in (("v1.0", "slow"), ("v1.1", "ok"), ("v1.2", "ok")):
        world.sandbox.servers.behaviours.order(f"registry/blog:{tag}", behaves)  # type: ignore[arg-type]
    world.dana.says("/deploy blog v1.0 staging")
    await world.sees("Plan: blog → staging v1.0", buttons=["Deploy to staging"])
    await upgraded(world, programs, "v1.1")
    await world.dana.presses("Deploy to staging")
    await world.sees("Since you looked: another revision is deployed", buttons=["Deploy to staging"])
    await world.dana.presses("Deploy to staging")
    await world.sees(r"blog +\d/2")
    await upgraded(world, programs, "v1.2")
    end = await world.sees("❌ blog → staging v1.0")
    assert "Revision 5 was made by someone else meanwhile" in spaced(end.text)
    assert world.history("blog", "blog-staging") == ["superseded"] * 4 + ["deployed"]
    world.dana.says("/history blog staging")
    assert "✅" not in spaced((await world.sees(r"4 v1\.0")).text).partition("4 ")[2].partition("\n")[0]


async def test_what_is_deleted_in_the_middle_is_told_and_comes_back_with_the_way_back(
    world: World, programs: Mapping[str, Path]
) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "slow")
    await world.dana.deploys("v1.0", app="blog")
    await world.sees(r"blog +\d/2")
    await by_hand(world, programs["kubectl"], "delete", "deployment", "blog", "--wait=false")
    await world.sees("Deployment blog is gone: somebody deleted it")
    world.dana.says("/cancel")
    await world.sees("⏹ blog → staging cancelled")
    assert world.cluster.storage.get(BLOG) is not None
    assert world.history("blog", "blog-staging")[-1] == "deployed"
