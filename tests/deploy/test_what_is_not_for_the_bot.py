"""Talk of others, buttons of older bots, and updates that came to nothing: what is answered, and what is not."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SystemClock
from bot.commands.dispatching import REFUSALS
from bot.commands.problems import GIVEN_UP
from bot.store.database import Database
from bot.store.tables import UpdateRow
from bot.telegram.buttons import Actions
from bot.telegram.inbox import ATTEMPTS
from tests.installed import open_world
from tests.worlds import QUICK, SETTLING, World, open_bot

TEAM = "team"


def answers(world: World) -> int:
    """How many messages of the bot are in the team's chat."""
    place = world.place(TEAM, world.dana.person)
    return sum(message.by_bot for message in world.telegram.messages(place.id))


async def test_what_others_say_to_each_other_is_left_alone(world: World) -> None:
    world.dana.says("/apps")
    await world.sees("shop")
    before = answers(world)
    world.dana.edits("/apps")  # as a preview changes a message
    for talk in ("good morning", "/apps@another_bot", "/frobnicate", "//", "/"):
        world.dana.says(talk)
        world.eve.says("/apps", chat="private")
    world.dana.says("/status")
    await world.sees("staging")
    assert answers(world) == before + 1
    assert not world.news("private eve")


@pytest.mark.parametrize(
    "change",
    ["UPDATE action SET name = 'gone.since'", """UPDATE action SET arguments = '{"command": "/gone"}'"""],
)
async def test_a_button_of_an_older_bot_says_that_it_does_nothing(world: World, change: str) -> None:
    world.dana.says("/status shop staging")
    await world.sees("shop in staging", buttons=["Pods"])
    async with world.parts.database.write() as session:
        await session.execute(text(change))
    assert await world.dana.presses("Pods") == REFUSALS["unknown"]


async def test_a_press_that_fails_each_time_is_answered_at_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.dana.says("/status shop staging")
    await world.sees("shop in staging", buttons=["Pods"])

    async def take(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Actions, "take", take)
    assert await world.dana.presses("Pods") == GIVEN_UP


async def test_a_plan_that_its_chat_will_not_show_takes_no_others_place(world: World) -> None:
    """The bot hears the group and may say nothing there; what was shown elsewhere stays as it is."""
    world.dana.says("/deploy shop v1.2 staging", "private")
    first = await world.sees("Plan: shop → staging v1.2", chat="private dana", buttons=["Deploy to staging"])
    team = world.telegram.state.chats[world.place(TEAM, world.dana.person).id]
    team.members[world.dana.person.id].status = "administrator"
    team.members[world.telegram.bot.id].status = "member"
    team.denied.add("can_send_messages")
    world.dana.says("/deploy shop v1.3 staging")
    world.dana.says("/apps", "private")
    await world.sees("shop", chat="private dana")
    kept = world.telegram.message(first.chat_id, first.id)
    assert kept is not None
    assert next(button.label for row in kept.buttons for button in row) == "Deploy to staging"


def stored(number: int, words: str, sender: int, chat: int, attempts: int, **more: Any) -> UpdateRow:
    """An update that an earlier bot had begun so often."""
    message = {
        "message_id": number,
        "date": 0,
        "chat": {"id": chat, "type": "supergroup", "title": "Team"},
        "from": {"id": sender, "is_bot": False, "first_name": "Somebody"},
        "text": words,
        **more,
    }
    if words.startswith("/"):
        length = len(words.partition(" ")[0])
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return UpdateRow(
        update_id=number,
        lane=f"{chat}:{sender}",
        payload={"update_id": number, "message": message},
        received_at=SystemClock().now(),
        attempts=attempts,
    )


async def test_after_a_start_what_came_to_nothing_is_told_to_who_asked_the_bot_alone(tmp_path: Path) -> None:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        async with open_bot(sandbox, SETTLING):
            pass
        dana, eve = (sandbox.cast.person(key).id for key in ("dana", "eve"))
        team = sandbox.cast.places["team"].id
        store = Database(f"sqlite:///{sandbox.kubeconfig.parent}/pilothouse.db")
        async with store as database, database.write() as session:
            for attempts, number in ((0, 900), (ATTEMPTS, 910)):
                session.add(stored(number + 1, "/apps@another_bot", dana, team, attempts))
                session.add(stored(number + 2, "good morning", dana, team, attempts))
                session.add(stored(number + 3, "/status", eve, team, attempts))
                session.add(stored(number + 4, "", dana, -5005, attempts, migrate_to_chat_id=-1005005))
            session.add(stored(920, "/status", dana, team, ATTEMPTS))
        async with open_bot(sandbox, SETTLING) as world:
            await world.sees(GIVEN_UP)
            world.dana.says("/apps")
            await world.sees("shop")
            assert answers(world) == 2
