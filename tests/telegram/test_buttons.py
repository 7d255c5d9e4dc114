"""Only live tokens act, for whom and where they were made (security.md, rows 1 and 2)."""

import base64
import contextlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.tables import ActionRow
from bot.telegram.buttons import Action, Actions, Refusal
from bot.telegram.incoming import Chat, Press, Sender
from bot.telegram.messages import Button, Message, Sent
from tests.telegram.conftest import DANA, LEE, TEAM


class Still:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 25, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def actions(database: Database, clock: Still) -> Actions:
    return Actions(database, clock)


def press(data: str, *, person: int = DANA, chat: int = TEAM, message: int = 5) -> Press:
    return Press(1, "q", Sender(person, "x"), Chat(chat, "supergroup", "Team"), None, message, data)


async def offer(actions: Actions, session: AsyncSession, **changes: Any) -> str:
    values: dict[str, Any] = {
        "name": "deploy", "arguments": {"app": "shop"}, "permission": "deploy.run", "app": "shop",
        "environment": "staging", "person_id": DANA, "chat_id": TEAM, "lifetime": timedelta(minutes=5),
    }  # fmt: skip
    return await actions.offer(session, **(values | changes))


async def offered(actions: Actions, database: Database, **changes: Any) -> str:
    async with database.write() as session:
        token = await offer(actions, session, **changes)
    await actions.bind(Message("x", ((Button("Go", token),),)), Sent(TEAM, 5))
    return token


async def test_a_press_finds_what_the_button_does(actions: Actions, database: Database) -> None:
    found = await actions.take(press(await offered(actions, database)))
    assert isinstance(found, Action)
    assert (found.name, found.arguments, found.permission) == ("deploy", {"app": "shop"}, "deploy.run")


@pytest.mark.parametrize(
    ("where", "reason"),
    [({"person": LEE}, "not yours"), ({"chat": -5}, "other chat"), ({"message": 6}, "unknown")],
)
async def test_it_works_for_nobody_and_nowhere_else(
    actions: Actions, database: Database, where: dict[str, int], reason: str
) -> None:
    assert await actions.take(press(await offered(actions, database), **where)) == Refusal(reason)  # type: ignore[arg-type]


async def test_it_expires(actions: Actions, database: Database, clock: Still) -> None:
    token = await offered(actions, database)
    await clock.sleep(300)
    refusal = await actions.take(press(token))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "expired"
    assert refusal.expired is not None
    assert refusal.expired.token == token


async def test_it_is_spent_once(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    async with database.write() as session:
        assert [await actions.spend(session, token), await actions.spend(session, token)] == [True, False]
    assert await actions.take(press(token)) == Refusal("used")


async def test_what_a_message_showed_before_does_nothing(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    async with database.write() as session:
        await actions.void(session, TEAM, 5)
    assert await actions.take(press(token)) == Refusal("unknown")


async def test_what_a_message_had_may_be_dropped_beside_what_it_has_now(
    actions: Actions, database: Database
) -> None:
    old = await offered(actions, database)
    (before,) = await actions.of(Sent(TEAM, 5))
    async with database.write() as session:
        new = await offer(actions, session, message_id=5)
    assert before == old
    assert await actions.take(press(new, message=6)) == Refusal("unknown")
    await actions.drop([before])
    assert await actions.take(press(old)) == Refusal("unknown")
    assert isinstance(await actions.take(press(new)), Action)


async def screen(
    actions: Actions, database: Database, clock: Still, *, message: int = 5, chat: int = TEAM
) -> list[str]:
    """The two buttons of a message that is shown a second later than what was shown before."""
    await clock.sleep(1)
    async with database.write() as session:
        return [
            await actions.offer(
                session,
                name=name,
                arguments={},
                permission="deploy.run",
                app=None,
                environment=None,
                person_id=None,
                chat_id=chat,
                lifetime=timedelta(minutes=5),
                message_id=message,
                at=clock.now(),
            )
            for name in ("go", "close")
        ]


async def alive(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(ActionRow.token)))


async def test_what_was_pressed_retires_with_all_but_the_last_screen_in_its_place(
    actions: Actions, database: Database, clock: Still
) -> None:
    before = await screen(actions, database, clock)
    pressed = await screen(actions, database, clock)
    shown = [await screen(actions, database, clock) for _ in range(3)]
    await actions.retire(pressed[0], shown)
    assert not set(before) & await alive(database)
    assert await alive(database) == set(shown[-1])


async def test_what_an_earlier_handling_of_a_press_has_shown_stays(
    actions: Actions, database: Database, clock: Still
) -> None:
    pressed = await screen(actions, database, clock)
    earlier = await screen(actions, database, clock)
    shown = await screen(actions, database, clock)
    await actions.retire(pressed[1], [shown])
    assert await alive(database) == {*earlier, *shown}


async def test_what_is_shown_elsewhere_does_not_retire(
    actions: Actions, database: Database, clock: Still
) -> None:
    elsewhere = [
        *await screen(actions, database, clock, message=6),
        *await screen(actions, database, clock, chat=-5),
    ]
    pressed = await screen(actions, database, clock)
    await actions.retire(pressed[0], [[]])
    assert await alive(database) == set(elsewhere)


async def test_what_is_shown_at_the_very_moment_of_the_screen_before_stays(
    actions: Actions, database: Database
) -> None:
    old = await offered(actions, database)
    new = await offered(actions, database)
    await actions.retire(old, [[new]])
    assert await alive(database) == {new}


async def test_what_is_over_retires_also_where_what_was_pressed_is_gone(
    actions: Actions, database: Database, clock: Still
) -> None:
    shown = [await screen(actions, database, clock) for _ in range(2)]
    await actions.retire("gone", shown)
    assert await alive(database) == set(shown[1])


async def test_what_a_message_shows_now_takes_the_place_of_what_it_had(
    actions: Actions, database: Database
) -> None:
    old = await offered(actions, database)
    async with database.write() as session:
        new = await offer(actions, session)
    await actions.rebind(Message("x", ((Button("Go", new),),)), Sent(TEAM, 5))
    assert await actions.take(press(old)) == Refusal("unknown")
    assert await actions.of(Sent(TEAM, 5)) == [new]


async def test_forged_data_never_acts(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    forged = [secrets.token_urlsafe(n)[:64] for n in range(48)]
    for data in ["", "-", token[:-1], token + "A", token.swapcase(), "' OR 1=1 --", *forged]:
        assert await actions.take(press(data)) == Refusal("unknown")


async def test_a_token_cannot_be_guessed(actions: Actions, database: Database) -> None:
    tokens = [await offered(actions, database) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert {len(base64.urlsafe_b64decode(token)) for token in tokens} == {18}


async def test_a_press_finds_all_that_was_offered(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    assert await actions.take(press(token)) == Action(
        token, "deploy", {"app": "shop"}, "deploy.run", "shop", "staging", DANA
    )


async def test_whoever_has_the_right_may_press_what_is_for_anyone(
    actions: Actions, database: Database
) -> None:
    token = await offered(actions, database, person_id=None)
    assert isinstance(await actions.take(press(token, person=LEE)), Action)


async def test_it_acts_before_its_message_is_known_to_be_sent(actions: Actions, database: Database) -> None:
    async with database.write() as session:
        token = await offer(actions, session)
    assert isinstance(await actions.take(press(token, message=77)), Action)
    assert await actions.take(press(token, chat=-5)) == Refusal("other chat")


async def test_it_lives_until_its_time_is_over_and_remembers_when_it_began(
    actions: Actions, database: Database, clock: Still
) -> None:
    began = clock.now()
    token = await offered(actions, database)
    await clock.sleep(299.9)
    assert isinstance(await actions.take(press(token)), Action)
    async with database.read() as session:
        row = await session.get_one(ActionRow, token)
    assert (row.created_at, row.expires_at) == (began, began + timedelta(minutes=5))


async def test_what_expired_tells_what_it_would_have_done_but_not_to_others(
    actions: Actions, database: Database, clock: Still
) -> None:
    token = await offered(actions, database)
    done = await actions.take(press(token))
    assert isinstance(done, Action)
    await clock.sleep(3600)
    assert await actions.take(press(token)) == Refusal("expired", done)
    assert await actions.take(press(token, person=LEE)) == Refusal("not yours")


async def test_when_it_was_used_is_kept(actions: Actions, database: Database, clock: Still) -> None:
    token = await offered(actions, database)
    other = await offered(actions, database)
    await clock.sleep(7)
    async with database.write() as session:
        assert await actions.spend(session, token)
    async with database.read() as session:
        assert (await session.get_one(ActionRow, token)).used_at == clock.now()
        assert (await session.get_one(ActionRow, other)).used_at is None


async def test_a_token_that_nobody_made_cannot_be_used_up(actions: Actions, database: Database) -> None:
    async with database.write() as session:
        assert not await actions.spend(session, "x" * 24)


async def test_a_message_without_buttons_binds_nothing(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    await actions.bind(Message("x"), Sent(-5, 9))
    assert isinstance(await actions.take(press(token)), Action)


async def test_a_message_binds_its_own_buttons_alone(actions: Actions, database: Database) -> None:
    first = await offered(actions, database)
    async with database.write() as session:
        second = await offer(actions, session)
    await actions.bind(Message("x", ((Button("Go", second),),)), Sent(TEAM, 6))
    assert isinstance(await actions.take(press(first, message=5)), Action)
    assert isinstance(await actions.take(press(second, message=6)), Action)
    assert await actions.take(press(second, message=5)) == Refusal("unknown")


async def test_a_message_that_went_to_another_chat_takes_its_buttons_there(
    actions: Actions, database: Database
) -> None:
    token = await offered(actions, database)
    await actions.bind(Message("x", ((Button("Go", token),),)), Sent(-5, 5))
    assert isinstance(await actions.take(press(token, chat=-5)), Action)


async def test_buttons_follow_a_group_that_became_a_supergroup(database: Database, clock: Still) -> None:
    actions = Actions(database, clock, {TEAM: -5}.get)  # type: ignore[arg-type]
    token = await offered(actions, database)
    assert isinstance(await actions.take(press(token, chat=-5)), Action)
    assert await actions.take(press(token)) == Refusal("other chat")


async def test_what_another_message_shows_stays(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    async with database.write() as session:
        await actions.void(session, TEAM, 6)
        await actions.void(session, -5, 5)
    assert isinstance(await actions.take(press(token)), Action)


async def test_what_a_message_showed_goes_with_the_transaction_that_replaces_it(
    actions: Actions, database: Database
) -> None:
    token = await offered(actions, database)
    with contextlib.suppress(RuntimeError):
        async with database.write() as session:
            await actions.void(session, TEAM, 5)
            raise RuntimeError("what replaces it failed")
    assert isinstance(await actions.take(press(token)), Action)
    async with database.write() as session:
        await actions.void(session, TEAM, 5)
    assert await actions.take(press(token)) == Refusal("unknown")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, [4, 5]),
        ({"names": ["deploy"]}, [5]),
        ({"person_id": LEE}, []),
        ({"app": "blog"}, []),
        ({"environment": "production"}, []),
        ({"than": Sent(-5, 9)}, []),
        ({"than": Sent(TEAM, 5)}, [4]),
    ],
)
async def test_earlier_questions_of_a_person_are_found(
    actions: Actions, database: Database, changes: dict[str, Any], found: list[int]
) -> None:
    await offered(actions, database)
    await offered(actions, database)  # another of the same message, which is found once
    restart = await offered(actions, database, name="restart")
    await actions.bind(Message("x", ((Button("Go", restart),),)), Sent(TEAM, 4))
    used = await offered(actions, database)
    await actions.bind(Message("x", ((Button("Go", used),),)), Sent(TEAM, 3))
    async with database.write() as session:
        await actions.spend(session, used)
    usual: dict[str, Any] = {
        "names": ["deploy", "restart"], "person_id": DANA, "app": "shop", "environment": "staging",
        "than": Sent(TEAM, 9),
    }  # fmt: skip
    names = (usual | changes)["names"]
    rest = {name: value for name, value in (usual | changes).items() if name != "names"}
    assert sorted(await actions.earlier(names, **rest)) == found
