"""What becomes of each version that the sample world has, and of one that it lacks."""

from dataclasses import replace
from pathlib import Path

from tests.worlds import QUICK, World, open_bot_world, spaced


async def test_the_newest_version_is_deployed(world: World) -> None:
    world.dana.says("/deploy shop v1.3 staging")
    await world.sees("Plan: shop → staging v1.3")
    await world.dana.presses("Deploy to staging")
    end = await world.sees(r"✅ shop → staging v1\.3")
    assert "5 of 5 ready · revision 3" in spaced(end.text)
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_a_version_that_crashes_is_rolled_back_with_its_last_words(world: World) -> None:
    await world.dana.deploys("v2.0-crash")
    end = await world.sees(r"↩️ shop → staging v1\.1 is back")
    assert "The app crashed at start, exit 1\nKeyError: 'DATABASE_URL'" in end.text
    await world.sees(r"Dana: shop → staging v2\.0-crash failed, v1\.1 is back")


async def test_a_version_whose_migration_fails_is_rolled_back_with_its_last_words(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/shop:v1.2", "crash", task=True)
    await world.dana.deploys("v1.2")
    end = await world.sees(r"↩️ shop → staging v1\.1 is back")
    assert "Why: Job shop-migrate failed once: The app crashed at start, exit 1" in spaced(end.text)
    assert "\nKeyError: 'DATABASE_URL'\nRead the last pod's log" in end.text


async def test_a_version_that_eats_its_memory_is_rolled_back(world: World) -> None:
    await world.dana.deploys("v2.0-oom")
    end = await world.sees(r"↩️ shop → staging v1\.1 is back")
    assert "Ran out of its memory limit of 256Mi" in end.text


async def test_a_version_that_cannot_be_pulled_is_rolled_back(world: World) -> None:
    await world.dana.deploys("v2.0-broken")
    end = await world.sees(r"↩️ shop → staging v1\.1 is back")
    assert "The registry refused our credentials" in end.text


async def test_a_slow_version_is_waited_for(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, pace=replace(QUICK, ready_slow=4)) as world:
        await world.dana.deploys("v2.0-slow")
        await world.sees("0/3")
        await world.sees(r"✅ shop → staging v2\.0-slow")


async def test_a_version_that_the_registry_lacks_is_refused_with_the_nearest(world: World) -> None:
    world.dana.says("/deploy shop v1.22 staging")
    refusal = await world.sees(r"has no version v1\.22", buttons=["/deploy shop v1.2 staging"])
    assert "Nothing has changed" in refusal.text
