"""The embedded Telegram with a small world, our transport to it, and a database in a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot

from bot.clock import SystemClock
from bot.sandbox.telegram import Limits as Nature
from bot.sandbox.telegram import TelegramServer, World
from bot.store.database import Database
from bot.telegram.outbox import Outbox
from bot.telegram.pacing import Limits
from bot.telegram.transport import connect

TOKEN = "4242:canary-secret"
DANA, LEE, TEAM, OLD, DEPLOYS = 11, 12, -1001000000001, -2001, 7
SECRET = "hunter2&<more>"


def mask(text: str) -> str:
    return text.replace(SECRET, "•••")


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(TOKEN, limits=Nature.none()) as opened:
        world = opened.world
        dana, lee = world.add_user(DANA, "Dana", username="dana"), world.add_user(LEE, "Lee")
        world.add_private(dana)
        world.add_group(TEAM, "Team", [dana, lee], forum=True, topics={"deploys": DEPLOYS})
        world.add_group(OLD, "Old", [dana, lee])
        yield opened


@pytest.fixture
def world(server: TelegramServer) -> World:
    return server.world


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with connect(lambda: TOKEN, api_url=server.url) as opened:
        yield opened


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as opened:
        yield opened


QUICK = Limits(
    overall=1000,
    chat=0.001,
    burst=100,
    group_minute=1000,
    group_edit=0.05,
    private_edit=0.05,
    retries=(0.02, 0.05),
)


@pytest.fixture
async def outbox(bot: Bot, database: Database) -> AsyncIterator[Outbox]:
    async with Outbox(bot, database, SystemClock(), mask, QUICK) as opened:
        yield opened
