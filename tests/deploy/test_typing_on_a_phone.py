"""What is typed on a phone is understood, or answered by one button with the whole command that was meant."""

from tests.security.acting import reconfigured
from tests.worlds import World


async def test_a_typo_is_one_button_and_one_tap(world: World) -> None:
    world.dana.says("/Deploy Shp, v1.2 – Stagin!")
    await world.sees('No app "Shp", no environment "Stagin"', buttons=["/deploy shop v1.2 staging"])
    await world.dana.presses("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    world.dana.says("/deplyo shp v1.2 stagin", chat="private")
    await world.sees("Unknown command /deplyo", chat="private dana", buttons=["/deploy shop v1.2 staging"])
    world.dana.says("deploy shop v1.2 to staging", chat="private")
    await world.sees("begin with a slash", chat="private dana", buttons=["/deploy shop v1.2 to staging"])
    await world.dana.presses("/deploy shop v1.2 to staging", chat="private")
    await world.sees("Plan: shop → staging v1.2", chat="private dana")
    world.dana.says("/deploy shop V1.2 staging")
    await world.sees("has no version V1.2", buttons=["/deploy shop v1.2 staging"])
    await reconfigured(world, apps={"blog": {"environments": ["staging"]}})
    world.dana.says("/deploy blog v1.0 Production")
    await world.sees("blog does not run in production", buttons=["/deploy blog v1.0 staging"])
    world.dana.says("/status shop\n/status blog")
    await world.sees("One command in a message", buttons=["/status shop"])


async def test_a_message_that_is_edited_is_read_again_unless_it_was_acted_on(world: World) -> None:
    world.dana.says("/deploy shop v1.2 stagin")
    await world.sees('No environment "stagin"')
    world.dana.edits("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2")
    world.dana.edits("/deploy shop v1.3 staging")
    await world.sees("message was edited", buttons=["/deploy shop v1.3 staging"])
    await world.dana.presses("/deploy shop v1.3 staging")
    await world.sees("Plan: shop → staging v1.3")
