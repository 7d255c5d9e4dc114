"""Only live tokens act, for whom and where they were made (security.md, rows 1 and 2)."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store.database import Database
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


async def offered(actions: Actions, database: Database, **changes: Any) -> str:
    values: dict[str, Any] = {
        "name": "deploy", "arguments": {"app": "shop"}, "permission": "deploy.run", "app": "shop",
        "environment": "staging", "person_id": DANA, "chat_id": TEAM, "lifetime": timedelta(minutes=5),
    }  # fmt: skip
    async with database.write() as session:
        token = await actions.offer(session, **(values | changes))
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
    await actions.void(TEAM, 5)
    assert await actions.take(press(token)) == Refusal("unknown")


async def test_forged_data_never_acts(actions: Actions, database: Database) -> None:
    token = await offered(actions, database)
    forged = [secrets.token_urlsafe(n)[:64] for n in range(48)]
    for data in ["", "-", token[:-1], token + "A", token.swapcase(), "' OR 1=1 --", *forged]:
        assert await actions.take(press(data)) == Refusal("unknown")
