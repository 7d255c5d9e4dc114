"""An update is stored before it is confirmed, handled in order, and not twice."""

import asyncio
from pathlib import Path

from telegram import Bot

from bot.clock import SystemClock
from bot.sandbox.telegram import TelegramServer, World
from bot.store.database import Database
from bot.telegram.inbox import Inbox, Incoming, TextMessage
from bot.telegram.polling import Poller
from tests.telegram.conftest import DANA, DEPLOYS, LEE, TEAM
from tests.telegram.full_disks import Filling


class Heard:
    """What was handled."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.arrived = asyncio.Condition()

    async def __call__(self, incoming: Incoming) -> None:
        assert isinstance(incoming, TextMessage)
        async with self.arrived:
            self.texts.append(incoming.text)
            self.arrived.notify_all()

    async def count(self, number: int) -> None:
        async with asyncio.timeout(300), self.arrived:
            await self.arrived.wait_for(lambda: len(self.texts) >= number)


class Instant(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0 if seconds < 60 else seconds)


def update(number: int, text: str, person: int = DANA) -> dict[str, object]:
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": 0,
            "text": text,
            "chat": {"id": person, "type": "private", "first_name": "Dana"},
            "from": {"id": person, "first_name": "Dana", "is_bot": False},
        },
    }


async def test_what_people_say_arrives_in_order(bot: Bot, database: Database, world: World) -> None:
    heard = Heard()
    async with Inbox(database, SystemClock(), heard) as inbox, Poller(bot, inbox, SystemClock(), poll=1):
        for number in range(20):
            world.says(DANA, DANA, f"/say {number}")
        world.says(LEE, TEAM, "/in a topic", topic=DEPLOYS)
        await heard.count(21)
    assert [text for text in heard.texts if "topic" not in text] == [f"/say {number}" for number in range(20)]


async def test_the_same_update_has_one_effect_also_after_a_restart(database: Database) -> None:
    heard = Heard()
    for _ in range(2):
        async with Inbox(database, SystemClock(), heard) as inbox:
            await inbox.accept([update(1, "a"), update(1, "a")])
            await inbox.accept([update(1, "a")])
            await inbox.idle()
    assert heard.texts == ["a"]


async def test_what_was_not_done_is_handled_after_a_restart(database: Database) -> None:
    async def hangs(_: Incoming) -> None:
        await asyncio.Event().wait()

    inbox = Inbox(database, SystemClock(), hangs)
    await inbox.__aenter__()
    await inbox.accept([update(1, "a"), update(2, "b")])
    inbox._tasks.copy().pop().cancel()
    await inbox.__aexit__()
    heard = Heard()
    async with Inbox(database, SystemClock(), heard) as again:
        await again.idle()
    assert heard.texts == ["a", "b"]


async def test_what_was_done_is_marked_once_the_store_takes_it_and_not_done_again(tmp_path: Path) -> None:
    heard = Heard()
    async with Filling(f"sqlite:///{tmp_path}/bot.db") as database:

        async def handle(incoming: Incoming) -> None:
            database.refusals = 2
            await heard(incoming)

        async with Inbox(database, Instant(), handle) as inbox:
            await inbox.accept([update(1, "/cancel")])
            await inbox.idle()
        assert not database.refusals
        async with Inbox(database, Instant(), heard) as again:
            await again.idle()
    assert heard.texts == ["/cancel"]


async def test_one_person_does_not_hold_up_another(database: Database) -> None:
    heard, go = Heard(), asyncio.Event()

    async def handle(incoming: Incoming) -> None:
        assert isinstance(incoming, TextMessage)
        if incoming.sender.id == DANA:
            await go.wait()
        await heard(incoming)

    async with Inbox(database, SystemClock(), handle) as inbox:
        await inbox.accept([update(1, "slow"), update(2, "quick", LEE)])
        await heard.count(1)
        go.set()
        await inbox.idle()
    assert heard.texts == ["quick", "slow"]


async def test_an_update_that_always_fails_is_given_up_which_is_told_and_the_next_goes_on(
    database: Database,
) -> None:
    heard, told = Heard(), Heard()

    async def handle(incoming: Incoming) -> None:
        await heard(incoming)
        if heard.texts[-1] == "poison":
            raise RuntimeError("always")

    async with Inbox(database, Instant(), handle, give_up=told) as inbox:
        await inbox.accept([update(1, "poison"), update(2, "fine")])
        await inbox.idle()
    assert heard.texts == ["poison"] * 3 + ["fine"]
    assert told.texts == ["poison"]


async def test_a_second_reader_is_named_in_clear_words(
    bot: Bot, database: Database, server: TelegramServer
) -> None:
    async def nothing(_: Incoming) -> None: ...

    server.world.refuse(409, seconds=60, methods=["getUpdates"])
    told = asyncio.Event()

    class Telling(SystemClock):
        async def sleep(self, seconds: float) -> None:
            if seconds < 60:
                told.set()
            await super().sleep(seconds)

    async with Inbox(database, SystemClock(), nothing) as inbox, Poller(bot, inbox, Telling()) as poller:
        async with asyncio.timeout(300):
            await told.wait()
        assert "only one may" in (poller.trouble or "")
