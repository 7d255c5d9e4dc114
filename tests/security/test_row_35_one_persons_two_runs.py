"""A lock belongs to the run that took it, not to the person (security.md, row 35)."""

from tests.security.acting import operations
from tests.worlds import World


async def test_one_persons_second_run_does_not_share_the_lock_of_their_first(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging", "private")
    await world.sees("Plan: shop → staging v1.2", chat="private dana")
    world.dana.says("/deploy shop v1.3 staging")
    await world.sees("Plan: shop → staging v1.3")
    await world.dana.presses("Deploy to staging", "private")
    await world.dana.presses("Deploy to staging")
    await world.sees("Dana")
    running_now = [each for each in await operations(world.parts.database) if each.kind == "deploy"]
    assert [each.version for each in running_now] == ["v1.2"]
    await world.sees("✅ shop → staging v1.2", chat="private dana")
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]
