"""The disk of the store is full: nothing is lost, and it goes on by itself."""

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.sandbox.world import SandboxWorld
from tests.installed import open_world
from tests.modes.processes import Bot, open_crowd
from tests.worlds import QUICK, World


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    async with open_world(tmp_path, pace=QUICK) as world:
        yield world


@contextmanager
def full_disk(bot: Bot) -> Iterator[None]:
    """No file of the bot's takes anything more."""
    pid = bot.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def test_what_is_asked_while_the_disk_is_full_is_answered_once_there_is_room(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        bot = await crowd.start()
        await bot.logged("listening")
        with full_disk(bot):
            crowd.says("/whoami")
            await bot.logged("no updates for now.*Updates can't be stored")
        await crowd.sees("Your id 1002")
        assert len(crowd.messages()) == 1


async def test_what_could_not_be_stored_leaves_the_plan_to_be_pressed_again(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop → staging v1.2", buttons=["Deploy"])
    async with world.parts.database.write() as session:
        await session.execute(
            text("CREATE TRIGGER no_room BEFORE INSERT ON operation BEGIN SELECT RAISE(FAIL, 'full'); END")
        )
    with capture_logs() as logs:
        await world.dana.presses("Deploy to staging")
        await world.sees("Something unexpected went wrong")
    assert "a handler failed" in [each["event"] for each in logs]
    async with world.parts.database.write() as session:
        await session.execute(text("DROP TRIGGER no_room"))
    await world.dana.presses("Deploy to staging")
    await world.sees("✅ shop → staging v1.2")
