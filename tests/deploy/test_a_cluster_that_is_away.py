"""What people read while a cluster does not answer: in words, and no green sign for what nobody knows."""

from tests.worlds import World, spaced


async def test_who_begins_reads_which_one_it_is(world: World) -> None:
    await world.cluster.down(3600)
    world.dana.says("/deploy shop v1.2 staging", "private")
    refused = spaced((await world.sees("🚫", chat="private dana")).text)
    assert refused.startswith("🚫 Cluster main cannot be reached: nothing listens at 127.0.0.1:")
    assert "Nothing has changed" in refused


async def test_a_plan_stays_and_may_be_confirmed_once_it_answers_again(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging", "private")
    plan = await world.sees("Plan: shop → staging", chat="private dana", buttons=["Deploy to staging"])
    await world.cluster.down(3600)
    await world.dana.presses("Deploy to staging", "private")
    refused = await world.sees("🚫 Cluster main cannot be reached", chat="private dana")
    assert refused.id != plan.id
    await world.cluster.up()
    await world.dana.presses("Deploy to staging", "private")
    done = await world.sees("✅ shop → staging v1.2", chat="private dana")
    assert done.id == plan.id


async def test_what_looked_well_is_not_known_any_more(world: World) -> None:
    world.dana.says("/status", "private")
    await world.sees("All is well", chat="private dana")
    await world.cluster.down(3600)
    for command, heading in (("/status", "4 unknown"), ("/drift", "No drift seen")):
        world.dana.says(command, "private")
        shown = spaced((await world.sees(heading, chat="private dana")).text)
        assert shown.count("⚠️") == 5
        assert shown.count("Cluster main cannot be reached") == 4
        assert "✅" not in shown
