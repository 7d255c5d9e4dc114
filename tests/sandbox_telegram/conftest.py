"""A real server with a small world, and the real python-telegram-bot that talks to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import telegram

from bot.sandbox.telegram import Limits, TelegramServer, World

TOKEN = "4242:sandbox-secret"
DANA, LEE, TEAM, OLD, NEWS, DEPLOYS = 11, 12, -1001000000001, -2001, -1001000000002, 7


class ManualClock:
    """A clock that stands still until it is moved; who sleeps on it moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)


def populate(world: World) -> None:
    """Dana and Lee, their forum, a basic group, a channel."""
    dana, lee = world.add_user(DANA, "Dana", username="dana"), world.add_user(LEE, "Lee")
    world.add_private(dana)
    world.add_group(TEAM, "Team", [dana, lee], forum=True, topics={"deploys": DEPLOYS, "alerts": 8})
    world.add_group(OLD, "Old", [dana, lee])
    world.add_channel(NEWS, "News", "acme_news")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[TelegramServer]:
    async with TelegramServer(TOKEN, clock=clock, limits=Limits.none()) as opened:
        populate(opened.world)
        yield opened


@pytest.fixture
def world(server: TelegramServer) -> World:
    return server.world


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[telegram.Bot]:
    client = telegram.Bot(TOKEN, base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot")
    async with client:
        yield client


class Raw:
    """Requests as they are, for what a client library would not send."""

    def __init__(self, session: aiohttp.ClientSession, server: TelegramServer) -> None:
        self.session, self.server = session, server

    async def __call__(self, method: str, **parameters: object) -> dict[str, Any]:
        """POST as JSON; the whole answer."""
        url = f"{self.server.url}/bot{TOKEN}/{method}"
        async with self.session.post(url, json=parameters) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == body.get("error_code", 200)
            return body

    async def error(self, method: str, **parameters: object) -> str:
        """The description of a refusal."""
        body = await self(method, **parameters)
        assert body["ok"] is False, body
        return str(body["description"])


@pytest.fixture
async def raw(server: TelegramServer) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(session, server)


async def asked(live: TelegramServer) -> None:
    """Return once a client has asked for updates for the first time."""
    while not live.state.polls.asked_at:
        await asyncio.sleep(0.01)
