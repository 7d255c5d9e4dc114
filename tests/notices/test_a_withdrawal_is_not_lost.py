"""What a rollback does to a notice that is out: once, also over a crash, and only when readers lose the version."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from telegram import Bot

from bot.clock import SystemClock
from bot.commands.posting import ChatPoster
from bot.commands.showing import Screen
from bot.config import load
from bot.images.source import Sources
from bot.notices.notices import Notices
from bot.sandbox.telegram import Limits as Nature
from bot.sandbox.telegram import TelegramServer
from bot.store.database import Database
from bot.store.tables import NoticeRow
from bot.telegram.buttons import Actions
from bot.telegram.outbox import Outbox
from bot.telegram.transport import connect
from bot.texts.rendering import Texts

TOKEN = "4242:canary-secret"
NEWS = -1001000000002
CONFIG = """
telegram: {token: "${TOKEN}"}
store: sqlite:///bot.db
chats: {news: {id: -1001000000002}}
clusters: {local: {kubeconfig: kubeconfig}}
environments:
  production: {cluster: local, namespace: shop, announce: {channels: [news], review: none}}
apps:
  shop: {chart: chart, image: registry.example.org/shop, environments: [production]}
"""


class Desk:
    """Notices as the bot wires them; `outbox` sends while a test has it open."""

    def __init__(self, folder: Path, database: Database, bot: Bot) -> None:
        (folder / "pilothouse.yaml").write_text(CONFIG, encoding="utf-8")
        (folder / "kubeconfig").touch()
        config = load([folder / "pilothouse.yaml"], {"TOKEN": TOKEN})
        texts, clock = Texts(config.zone, None), SystemClock()
        self.database = database
        self.outbox = Outbox(bot, database, clock, lambda text: text)
        screen = Screen(
            texts=lambda: texts, actions=Actions(database, clock), outbox=self.outbox, database=database
        )
        sources = Sources(folder / "git")
        self.notices = Notices(
            config=lambda: config,
            sources=lambda: sources,
            database=database,
            clock=clock,
            poster=ChatPoster(lambda name: NEWS, lambda name: {}, screen, self.outbox, database),
            render=texts.render,
        )

    async def deployed(self, version: str, previous: str, operation: str = "a1") -> None:
        await self.notices.deployed(
            app="shop",
            environment="production",
            version=version,
            previous=previous,
            author="Dana",
            operation_id=operation,
        )

    async def withdrawn(self, version: str, back_to: str) -> None:
        await self.notices.withdrawn(app="shop", environment="production", version=version, back_to=back_to)

    async def states(self) -> list[tuple[str, str]]:
        async with self.database.read() as session:
            rows = await session.scalars(select(NoticeRow).order_by(NoticeRow.id))
            return [(row.version, row.state) for row in rows]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(TOKEN, limits=Nature.none()) as opened:
        opened.world.add_channel(NEWS, "News")
        yield opened


@pytest.fixture
async def desks(server: TelegramServer, tmp_path: Path) -> AsyncIterator[Callable[[], Desk]]:
    """Makes the notices of one bot after the other on the same database."""
    async with (
        connect(lambda: TOKEN, api_url=server.url) as bot,
        Database(f"sqlite:///{tmp_path}/bot.db") as database,
    ):
        yield lambda: Desk(tmp_path, database, bot)


def channel(server: TelegramServer) -> list[str]:
    return [message.text for message in server.world.messages(NEWS)]


async def test_a_withdrawal_is_sent_though_the_bot_dies_right_after_it(
    server: TelegramServer, desks: Callable[[], Desk]
) -> None:
    first = desks()
    async with first.outbox:
        await first.deployed("v1.2", "v1.1")
    assert channel(server) == ["🚀 Shop 1.2 is out"]
    await first.withdrawn("v1.2", "v1.1")  # its outbox sends nothing any more
    assert channel(server) == ["🚀 Shop 1.2 is out"]
    second = desks()
    with server.world.changes() as changes:
        async with second.outbox, asyncio.timeout(300):
            await second.withdrawn("v1.2", "v1.1")  # the step runs again
            while "withdrawn" not in channel(server)[0]:
                await anext(aiter(changes))
    [text] = channel(server)
    assert text.count("withdrawn") == 1
    assert "Shop 1.1 is back" in text


@pytest.mark.parametrize("back_to", ["v1.2", "1.2.0", "v1.3"])
async def test_no_notice_is_withdrawn_by_a_rollback_to_its_version_or_a_newer_one(
    server: TelegramServer, desks: Callable[[], Desk], back_to: str
) -> None:
    desk = desks()
    async with desk.outbox:
        await desk.deployed("v1.2", "v1.1")
        await desk.withdrawn("v1.2", back_to)
    assert await desk.states() == [("v1.2", "published")]
    assert channel(server) == ["🚀 Shop 1.2 is out"]


async def test_a_withdrawal_during_the_publishing_is_not_overwritten(
    server: TelegramServer, desks: Callable[[], Desk]
) -> None:
    desk = desks()
    faults = server.world.state.faults
    fault = faults.refuse(500, retry_after=None, seconds=None, methods=["sendMessage"])
    async with desk.outbox, asyncio.timeout(300):
        publishing = asyncio.create_task(desk.deployed("v1.2", "v1.1"))
        while await desk.states() != [("v1.2", "publishing")]:
            await asyncio.sleep(0)
        await desk.withdrawn("v1.2", "v1.1")
        faults.lift(fault)
        await publishing
        with server.world.changes() as changes:
            while not channel(server) or "withdrawn" not in channel(server)[0]:
                await anext(aiter(changes))
    assert await desk.states() == [("v1.2", "withdrawn")]


async def test_a_version_whose_draft_nobody_saw_may_be_news_later(
    server: TelegramServer, desks: Callable[[], Desk]
) -> None:
    server.world.remove_bot(NEWS)
    desk = desks()
    async with desk.outbox:
        await desk.deployed("v1.2", "v1.1")
        assert await desk.states() == [("v1.2", "draft")]
        await desk.withdrawn("v1.2", "v1.1")
        server.world.add_channel(NEWS, "News")
        await desk.deployed("v1.2", "v1.1", "a2")
    assert await desk.states() == [("v1.2", "discarded"), ("v1.2", "published")]
    assert channel(server) == ["🚀 Shop 1.2 is out"]
