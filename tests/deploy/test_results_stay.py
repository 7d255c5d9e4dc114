"""What an operation's message tells stays there, whoever presses its buttons and whoever deletes it."""

from dataclasses import replace
from pathlib import Path

from tests.worlds import QUICK, World, open_bot_world


async def test_the_buttons_of_a_result_answer_beside_it(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
    await world.dana.deploys("v1.0", app="blog")
    end = await world.sees("↩️ blog → staging v0.9 is back", buttons=["Status", "Try again"])
    await world.vic.presses("Status")
    status = await world.sees("blog in staging · v0.9")
    assert status.id != end.id
    await world.dana.presses("Try again")
    plan = await world.sees("Plan: blog → staging v1.0", buttons=["Deploy to staging"])
    assert plan.id not in (end.id, status.id)
    shown = world.telegram.message(end.chat_id, end.id)
    assert shown is not None
    assert "is back" in shown.text


async def test_who_may_not_try_again_is_told_by_a_toast(world: World) -> None:
    world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
    await world.dana.deploys("v1.0", app="blog")
    await world.sees("↩️ blog → staging v0.9 is back", buttons=["Try again"])
    assert "Needs: deploy" in await world.vic.presses("Try again")


async def test_a_message_deleted_while_pods_get_into_trouble_is_replaced_by_one(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, pace=replace(QUICK, crash=3, back_off=3)) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
        plan = await world.dana.deploys("v1.0", app="blog")
        await world.sees("🔄 blog")
        world.telegram.delete_message(plan.chat_id, plan.id)
        await world.sees("🔄 blog → staging v1.0(.|\n)*❌", buttons=["Cancel deploy"])
        await world.sees("↩️ blog → staging v0.9 is back")
        told = [each for each in world.telegram.messages(plan.chat_id) if "blog → staging" in each.text]
        assert len([each for each in told if each.by_bot and "Dana: " not in each.text]) == 1
