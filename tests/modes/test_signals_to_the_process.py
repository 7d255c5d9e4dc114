"""SIGHUP loads the configuration again, SIGTERM ends the process within seconds whatever is under way."""

import asyncio
from pathlib import Path
from signal import SIGHUP, SIGTERM

import pytest

from bot.sandbox.world import SandboxWorld
from tests.modes.processes import open_crowd

SOON = 10.0
"""Seconds in which a container's engine wants a process to have ended."""


async def test_a_hangup_puts_the_files_into_force_and_keeps_the_old_where_they_are_wrong(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        bot = await crowd.start()
        await bot.logged("listening")
        crowd.configure({"people": {"dana": {"id": 1002, "name": "Dana the Second"}}})
        bot.process.send_signal(SIGHUP)
        await bot.logged("the configuration was reloaded")
        crowd.says("/whoami")
        await crowd.sees("Dana the Second")
        crowd.configure({"peoples": {}})
        bot.process.send_signal(SIGHUP)
        assert "did you mean" in await bot.logged("the configuration was not reloaded")
        crowd.says("/apps")
        await crowd.sees("shop")


async def test_a_hangup_in_the_middle_of_the_start_does_no_harm(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        sandbox.servers.telegram.world.down(600)
        bot = await crowd.start()
        await bot.logged("Telegram does not answer yet")
        bot.process.send_signal(SIGHUP)
        sandbox.servers.telegram.world.down(0)
        await bot.logged("the configuration was reloaded")
        crowd.says("/whoami")
        await crowd.sees("Your id 1002")


async def test_it_is_ended_while_it_still_waits_for_telegram(sandbox: SandboxWorld, tmp_path: Path) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        sandbox.servers.telegram.world.down(600)
        bot = await crowd.start()
        await bot.logged("Telegram does not answer yet")
        bot.process.send_signal(SIGTERM)
        assert await bot.ended(within=SOON) == 0


@pytest.mark.long(15)
async def test_what_is_under_way_at_the_end_goes_on_at_the_next_start(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        bot = await crowd.start()
        await bot.logged("listening")
        plan = await crowd.deploys("v1.2")
        await crowd.until(lambda: crowd.history()[-1] == "pending-upgrade")
        bot.process.send_signal(SIGTERM)
        assert await bot.ended(within=SOON) == 0
        assert "Traceback" not in bot.text
        await crowd.start()
        done = await crowd.sees("✅ shop → staging v1.2")
        assert done.id == plan.id
        assert crowd.history().count("deployed") == 1


async def test_nothing_of_it_stays_behind(sandbox: SandboxWorld, tmp_path: Path) -> None:
    async with open_crowd(sandbox, tmp_path, {}) as crowd:
        bot = await crowd.start()
        await bot.logged("listening")
        await crowd.deploys("v1.2")
        await crowd.sees("✅ shop → staging v1.2")
        workers = await _children(bot.process.pid)
        assert workers, "Helm has workers of its own"
        bot.process.send_signal(SIGTERM)
        assert await bot.ended(within=SOON) == 0
        assert not [pid for pid in workers if _lives(pid)]


async def _children(pid: int) -> list[int]:
    text = await asyncio.to_thread(Path(f"/proc/{pid}/task/{pid}/children").read_text)
    return [int(each) for each in text.split()]


def _lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has awaited does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
