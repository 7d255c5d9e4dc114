"""A release that a run left `pending-*`: explained with its age, and mended by a button once that run must be dead."""

from tests.worlds import World, spaced


async def test_it_is_explained_and_mended_past_its_time_out(world: World) -> None:
    world.leave_unfinished("shop", "shop-staging", 2, "pending-upgrade")
    world.dana.says("/deploy shop v1.2 staging")
    early = await world.sees("shop: deploy unfinished")
    assert "It may still be running" in early.text
    assert "Roll back" not in str(early.buttons)
    world.clock.move(minutes=3)
    await world.dana.presses("Look again")
    await world.sees("is pending-upgrade", buttons=["Mend it"])
    await world.dana.presses("Mend it")
    late = await world.sees("If that run is dead", buttons=["Roll back to 1"])
    assert "Revision 2 by someone else" in spaced(late.text)
    await world.dana.presses("Roll back to 1")
    await world.sees("is back|mended|✅ shop")
    assert world.history("shop", "shop-staging") == ["superseded", "failed", "deployed"]
    await world.dana.deploys("v1.2")
    await world.sees(r"✅ shop → staging v1\.2")


async def test_who_may_not_mend_is_not_offered_it(world: World) -> None:
    world.leave_unfinished("shop", "shop-staging", 2, "pending-upgrade")
    world.clock.move(minutes=3)
    world.lee.says("/deploy shop v1.2 staging")
    told = await world.sees("shop: deploy unfinished")
    assert "Roll back" not in str(told.buttons)
