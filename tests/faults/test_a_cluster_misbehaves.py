"""The API server is slow, hangs, forgets its watches, fails while Helm writes, lets a token end: a deploy gets done."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox.kubernetes.cluster import Meets
from tests.faults.clusters import Tokens, failing_while_helm_writes, slow, without_watches
from tests.installed import open_world
from tests.worlds import LONGEST, QUICK, SETTLING, World, open_bot


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "cluster-token")


@pytest.fixture
async def world(tmp_path: Path, tokens: Tokens) -> AsyncIterator[World]:
    """The bot's account there has its token in a file."""
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        sandbox.kubeconfig.write_text(tokens.named_in(sandbox.servers.cluster.kubeconfig()))
        async with open_bot(sandbox, SETTLING) as world:
            yield world


async def test_it_is_worked_with_where_it_fails_and_hangs_and_lets_a_token_end(
    world: World, tokens: Tokens
) -> None:
    await _with(world, failing_while_helm_writes(), "v1.2")
    assert world.history("shop", "shop-staging").count("deployed") == 1
    await _with_a_token_that_ends(world, tokens, "v1.3")
    await _hanging_for_a_while(world, "v1.2")


async def test_it_is_worked_with_where_it_forgets_and_is_slow(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "ok")
    # Blog has no hooks, for whose end Helm itself would watch.
    await _with(world, without_watches, "v1.0", "blog")
    await _with(world, slow(0.1), "v1.3")


async def _with(world: World, meets: Meets, version: str, app: str = "shop") -> None:
    world.cluster.meets = meets
    plan = await world.dana.deploys(version, app)
    assert (await world.sees(f"✅ {app} → staging {version}")).id == plan.id
    world.cluster.meets = None


async def _with_a_token_that_ends(world: World, tokens: Tokens, version: str) -> None:
    world.cluster.meets = tokens.meets
    plan = await world.dana.deploys(version)
    await world.sees("🔄 shop")
    tokens.end()
    await world.cluster.down(0)
    await world.sees("does not accept the bot's credentials")
    tokens.replace("second")
    assert (await world.sees(f"✅ shop → staging {version}")).id == plan.id
    world.cluster.meets = None


async def _hanging_for_a_while(world: World, version: str) -> None:
    hung, over = 0, asyncio.Event()

    async def hanging(_request: web.Request) -> web.StreamResponse | None:
        nonlocal hung
        hung += 1
        await over.wait()
        return None

    plan = await world.dana.deploys(version)
    world.cluster.meets = hanging
    await world.cluster.down(0)
    async with asyncio.timeout(LONGEST):
        while not hung:
            await asyncio.sleep(0.05)
    world.cluster.meets = None
    over.set()
    assert (await world.sees(f"✅ shop → staging {version}")).id == plan.id
