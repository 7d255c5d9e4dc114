"""When neither the new version nor the one before runs, a person is called, loudly, with both reasons."""

from tests.worlds import World, spaced


async def test_a_rollback_that_is_refused_calls_for_a_person(world: World) -> None:
    await world.dana.deploys("v2.0-crash")
    await world.sees("crashed at start")
    world.cluster.fail(403, 60)
    end = await world.sees("🆘 shop → staging is broken")
    assert "v2.0-crash failed, v1.1 did not return" in spaced(end.text)
    assert "The app crashed at start" in end.text
    assert "Needs a person now" in end.text
    ring = await world.sees("needs a person now")
    assert not ring.silent
