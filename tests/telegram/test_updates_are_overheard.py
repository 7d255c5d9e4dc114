"""Updates are heard and left for the bot that will run, however many there are; one that runs already is noticed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from telegram import Bot

from bot.clock import SystemClock
from bot.sandbox.telegram import World
from bot.telegram import overhearing
from bot.telegram.overhearing import OtherReader, overheard
from bot.telegram.polling import BATCH
from tests.telegram.conftest import DANA, DEPLOYS, TEAM


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhearing, "PAUSE", 0.6)  # below half a second Telegram hands out one at a time


def is_command(update: dict[str, Any]) -> bool:
    return bool(update.get("message", {}).get("text", "").startswith("/"))


class Ear:
    """What was heard, and whether later ones could not be."""

    def __init__(self, heard: AsyncIterator[dict[str, Any]], blocked: asyncio.Event) -> None:
        self._heard = heard
        self.blocked = blocked

    async def hears(self, count: int) -> list[str]:
        async with asyncio.timeout(300):
            return [(await anext(self._heard))["message"]["text"] for _ in range(count)]


@asynccontextmanager
async def listening(bot: Bot) -> AsyncIterator[Ear]:
    blocked = asyncio.Event()
    async with aclosing(overheard(bot, SystemClock(), is_command, blocked.set)) as heard:
        yield Ear(heard, blocked)


async def test_each_is_heard_once_and_stays(bot: Bot, world: World) -> None:
    async with listening(bot) as ear:
        world.says(DANA, DANA, "one")
        world.says(DANA, TEAM, "/two", topic=DEPLOYS)
        assert await ear.hears(2) == ["one", "/two"]
        world.says(DANA, DANA, "three")
        assert await ear.hears(1) == ["three"]
    assert len(world.state.updates.pending()) == 3


async def test_of_more_than_telegram_shows_only_words_that_no_bot_acts_on_are_taken(
    bot: Bot, world: World
) -> None:
    for number in range(BATCH + 5):
        world.says(DANA, DANA, f"word {number}")
    world.says(DANA, DANA, "/start")
    async with listening(bot) as ear:
        assert (await ear.hears(BATCH + 6))[-1] == "/start"
        world.says(DANA, DANA, "and now")
        assert await ear.hears(1) == ["and now"]
        assert not ear.blocked.is_set()
    left = [each.content["text"] for each in world.state.updates.pending()]
    assert left[-2:] == ["/start", "and now"]


async def test_commands_are_never_taken_and_that_later_ones_are_not_shown_is_told(
    bot: Bot, world: World
) -> None:
    for number in range(BATCH + 5):
        world.says(DANA, DANA, f"/command {number}")
    async with listening(bot) as ear:
        await ear.hears(BATCH)
        waiting = asyncio.ensure_future(ear.hears(1))
        await asyncio.wait_for(ear.blocked.wait(), 300)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert len(world.state.updates.pending()) == BATCH + 5


async def test_a_reader_that_takes_what_was_left_is_noticed(bot: Bot, world: World) -> None:
    async with listening(bot) as ear:
        world.says(DANA, DANA, "one")
        world.says(DANA, DANA, "two")
        await ear.hears(2)
        world.state.updates.clear()
        with pytest.raises(OtherReader, match="Another process reads"):
            await ear.hears(1)


async def test_a_reader_that_polls_is_noticed(bot: Bot, world: World) -> None:
    async with listening(bot) as ear:
        waiting = asyncio.ensure_future(ear.hears(1))
        while world.state.polls._waiting is None:
            await asyncio.sleep(0.02)
        await bot.get_updates(timeout=0)
        with pytest.raises(OtherReader):
            await waiting
