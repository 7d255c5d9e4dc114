"""Messages are deleted, buttons pressed twice and groups renamed; the end of a deploy is told once all the same.

What Telegram itself does wrong is tried in tests/faults.
"""

import asyncio
from pathlib import Path

from bot.sandbox.telegram import Message
from tests.worlds import World, open_bot_world


def _ends(world: World, chat_id: int) -> list[Message]:
    return [each for each in world.telegram.messages(chat_id) if each.by_bot and each.text.startswith("✅")]


async def test_a_message_that_was_deleted_is_sent_anew(world: World) -> None:
    plan = await world.dana.deploys("v1.2")
    await world.sees("🔄 shop")
    world.telegram.delete_message(plan.chat_id, plan.id)
    end = await world.sees("✅ shop → staging v1.2", buttons=["Roll back to v1.1"])
    assert end.id != plan.id
    assert end.thread_id == plan.thread_id
    await world.dana.presses("Roll back to v1.1")
    await world.sees("Roll back: shop → staging")


async def test_a_button_that_is_pressed_twice_acts_once(world: World) -> None:
    plan = await world.dana.deploys("v1.2")
    place = world.place("team", world.dana.person)
    world.telegram.presses(world.dana.person.id, place.id, plan.id, 0, 0)
    await world.sees("✅ shop → staging v1.2")
    assert world.history("shop", "shop-staging") == ["superseded", "superseded", "deployed"]


async def test_a_group_that_becomes_a_supergroup_is_followed(tmp_path: Path) -> None:
    extra = "chats: {crew: {id: -5005}}"
    async with open_bot_world(tmp_path, extra) as world:
        members = [world.dana.person.id, world.kim.person.id]
        world.telegram.add_group(-5005, "Crew", members)
        dana = world.dana.person.id
        world.telegram.says(dana, -5005, "/deploy shop v1.2 staging")
        plan = await _in(world, -5005, "📋 Plan")
        world.telegram.presses(dana, -5005, plan.id, 0, 0)
        await _in(world, -5005, "🔄 shop")
        world.telegram.migrate(-5005, -1005005)
        end = await _in(world, -1005005, "✅ shop")
        assert [each.id for each in _ends(world, -1005005)] == [end.id]
        labels = [[button.label for button in row] for row in end.buttons]
        row = next(number for number, row in enumerate(labels) if "Status" in row)
        world.telegram.presses(dana, -1005005, end.id, row, labels[row].index("Status"))
        await _in(world, -1005005, "✅ shop in staging")


async def _in(world: World, chat_id: int, begins: str) -> Message:
    with world.telegram.changes() as changes:
        async with asyncio.timeout(300):
            while True:
                for message in world.telegram.messages(chat_id):
                    if message.by_bot and message.text.startswith(begins):
                        return message
                await anext(aiter(changes))
