"""Who may press what, when, and how often."""

from tests.worlds import World


async def test_a_plan_is_pressed_twice_and_deploys_once(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    place = world.place("team", world.dana.person)
    row, column = 0, 0
    for _ in range(2):
        world.telegram.presses(world.dana.person.id, place.id, plan.id, row, column)
    await world.sees("✅ shop → staging v1.2")
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_nobody_else_presses_a_plan(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    assert "for the person who asked" in await world.lee.presses("Deploy to staging")
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]


async def test_an_old_plan_has_expired(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    world.clock.move(minutes=6)
    assert "expired" in await world.dana.presses("Deploy to staging")
    await world.sees("Plan expired: shop → staging v1.2", buttons=["Plan again", "Close"])
    await world.dana.presses("Plan again")
    await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]
