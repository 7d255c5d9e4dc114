"""When neither the new version nor the one before runs, a person is called, loudly, with both reasons."""

from tests.worlds import World, spaced


async def test_a_rollback_that_can_t_be_made_calls_for_a_person(world: World) -> None:
    storage = world.cluster.storage
    await world.dana.deploys("v2.0-crash")
    await world.sees("crashed at start")
    for key in storage.keys():
        if (
            key.resource == "secrets"
            and key.name == "sh.helm.release.v1.shop.v2"
            and "staging" in key.namespace
        ):
            storage.delete(key)
    end = await world.sees("🆘 shop → staging is broken")
    assert "v2.0-crash failed, v1.1 did not return" in spaced(end.text)
    ring = await world.sees("needs a person now")
    assert not ring.silent
