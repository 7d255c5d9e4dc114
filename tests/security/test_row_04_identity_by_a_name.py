"""Who somebody is, is a number; names, usernames and chats never lend rights (security.md, row 4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.permissions import Person, Policy, Sender, known
from bot.sandbox.telegram.chats import User
from bot.store.tables import AuditRow, NewcomerRow
from tests.security.acting import forges, handled, message_of_bot, operations, reconfigured
from tests.worlds import World

TEAM = "team"
CHANNEL = -1001000000077


def renamed(world: World, user_id: int, **names: Any) -> None:
    users, chats = world.telegram.state.users, world.telegram.state.chats
    users[user_id] = replace(users[user_id], **names)
    for chat in chats.values():
        if user_id in chat.members:
            chat.members[user_id].user = users[user_id]


async def strangers(world: World) -> dict[int, int]:
    async with world.parts.database.read() as session:
        rows = await session.scalars(select(NewcomerRow))
        counts: dict[int, int] = {}
        for row in rows:
            counts[row.person_id] = counts.get(row.person_id, 0) + row.count
        return counts


async def test_who_takes_an_administrators_names_stays_a_stranger(world: World) -> None:
    eve = world.eve.person
    renamed(world, eve.id, first_name="Kim", username="kim")
    for _ in range(3):
        world.eve.says("/reload", "private")
    await handled(world)
    assert world.news("private eve") == []
    assert await strangers(world) == {eve.id: 3}


async def test_who_loses_their_names_keeps_their_rights(world: World) -> None:
    renamed(world, world.kim.person.id, first_name="Somebody", username="else")
    world.kim.says("/whoami", "private")
    await world.sees("admin everywhere", chat="private kim")


async def test_an_anonymous_administrator_and_a_channel_are_refused_even_where_chats_may_look(
    world: World,
) -> None:
    await reconfigured(
        world, bindings=[{"role": "admin", "people": ["kim"]}, {"role": "viewer", "chats": [TEAM]}]
    )
    place = world.place(TEAM, world.kim.person)
    world.telegram.add_channel(CHANNEL, "Kim")
    world.mark()
    ways: tuple[dict[str, Any], ...] = (
        {"as_anonymous_admin": True},
        {"as_channel": CHANNEL},
        {"as_channel": place.id},
    )
    for as_whom in ways:
        world.telegram.says(world.kim.person.id, place.id, "/whoami", topic=2, **as_whom)
    await handled(world)
    assert world.news(TEAM) == []
    world.vic.says("/whoami")
    await world.sees("through this chat")


async def test_a_bot_is_refused_even_where_chats_may_look(world: World) -> None:
    await reconfigured(world, bindings=[{"role": "viewer", "chats": [TEAM]}])
    robot = User(7001, "Robot", "robot", is_bot=True)
    world.telegram.state.users[robot.id] = robot
    place = world.place(TEAM, world.kim.person)
    world.mark()
    message = message_of_bot(world, place.id)
    world.telegram.state.updates.add(
        "message",
        {
            "message_id": message.id + 1,
            "from": robot.to_json(),
            "chat": world.telegram.state.chats[place.id].to_json(),
            "date": 0,
            "text": "/whoami",
        },
        robot.id,
    )
    await handled(world)
    assert [each.text for each in world.news(TEAM) if each.id != message.id] == []


async def test_a_stranger_gets_silence_and_is_remembered(world: World) -> None:
    eve = world.eve.person
    place = world.place("private", eve)
    for text in ("/start", "/deploy shop v1.2 staging", "hello?", "/nothing", "<b>"):
        world.eve.says(text, "private")
    await handled(world)
    world.clock.move(hours=1)
    world.eve.says("/help", "private")
    await handled(world)
    message = message_of_bot(world, place.id)
    answer = await forges(world, eve, message, "x" * 24)
    assert not answer.text
    assert [each for each in world.news("private eve") if each.id != message.id] == []
    async with world.parts.database.read() as session:
        rows = list(await session.scalars(select(NewcomerRow)))
        trail = list(await session.scalars(select(AuditRow)))
    assert [(row.person_id, row.count, row.last_at - row.first_at >= timedelta(hours=1)) for row in rows] == [
        (eve.id, 7, True)
    ]
    assert trail == []
    assert await operations(world.parts.database) == []


@pytest.mark.parametrize(
    "sender",
    [
        Sender(id=None),
        Sender(id=0),
        Sender(id=-1001000000001),
        Sender(id=1001, is_bot=True),
        Sender(id=1001, anonymous=True),
        Sender(id=1001, as_chat=True),
    ],
)
def test_whoever_hides_is_nobody(sender: Sender) -> None:
    policy = Policy(people={1001: Person(1001, "kim", "Kim"), 0: Person(0, "zero", "Zero")}, grants=())
    assert policy.person(sender) is None
    assert not known(sender, policy)
