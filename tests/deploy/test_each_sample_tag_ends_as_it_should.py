"""What becomes of each version that the sample world has, and of one that it lacks, in one world after another."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.worlds import QUICK, World, open_bot_world, spaced

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = "environments: {staging: {fail_early: {image_grace: 2s}}}"
IS_BACK = r"↩️ shop → staging \S+ is back"
MINE = "private dana"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    pace = replace(QUICK, ready_slow=4)
    async with open_bot_world(tmp_path_factory.mktemp("world"), EXTRA, pace=pace) as world:
        yield world


async def test_the_newest_version_is_deployed(world: World) -> None:
    await world.dana.deploys("v1.3", chat="private")
    end = await world.sees(r"✅ shop → staging v1\.3", chat=MINE)
    assert "5 of 5 ready" in spaced(end.text)
    assert world.history("shop", "shop-staging")[-1] == "deployed"


async def test_a_version_that_crashes_is_rolled_back_with_its_last_words(world: World) -> None:
    await world.dana.deploys("v2.0-crash", chat="private")
    end = await world.sees(IS_BACK, chat=MINE)
    assert "The app crashed at start, exit 1\nKeyError: 'DATABASE_URL'" in end.text
    await world.sees(r"Dana: shop → staging v2\.0-crash failed, \S+ is back", chat=MINE)


async def test_a_version_whose_migration_fails_is_rolled_back_with_its_last_words(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/shop:v1.2", "crash", task=True)
    await world.dana.deploys("v1.2", chat="private")
    end = await world.sees(IS_BACK, chat=MINE)
    assert "Why: Job shop-migrate failed once: The app crashed at start, exit 1" in spaced(end.text)
    assert "\nKeyError: 'DATABASE_URL'\nRead the last pod's log" in end.text


async def test_a_version_that_eats_its_memory_is_rolled_back(world: World) -> None:
    await world.dana.deploys("v2.0-oom", chat="private")
    end = await world.sees(IS_BACK, chat=MINE)
    assert "Ran out of its memory limit of 256Mi" in end.text


async def test_a_version_that_cannot_be_pulled_is_rolled_back(world: World) -> None:
    await world.dana.deploys("v2.0-broken", chat="private")
    end = await world.sees(IS_BACK, chat=MINE)
    assert "The registry refused our credentials" in end.text


async def test_a_slow_version_is_waited_for(world: World) -> None:
    await world.dana.deploys("v2.0-slow", chat="private")
    await world.sees(r"🔄 Rollout(.|\n)*shop +[0-2]/3", chat=MINE)
    await world.sees(r"✅ shop → staging v2\.0-slow", chat=MINE)


async def test_a_version_that_the_registry_lacks_is_refused_with_the_nearest(world: World) -> None:
    world.dana.says("/deploy shop v1.22 staging", "private")
    refusal = await world.sees(r"has no version v1\.22", buttons=["/deploy shop v1.2 staging"], chat=MINE)
    assert "Nothing has changed" in refusal.text
