"""Two processes on one store: one works, the other waits; who lost the work does nothing more."""

import sqlite3
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from bot.sandbox.world import SandboxWorld
from tests.modes.processes import Bot, open_crowd
from tests.worlds import spaced


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shared.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.mark.long(15)
async def test_the_second_waits_and_takes_over_when_the_first_is_killed(
    sandbox: SandboxWorld, tmp_path: Path, store: str
) -> None:
    async with open_crowd(sandbox, tmp_path, {"store": store}) as crowd:
        first = await crowd.start()
        await first.logged("listening")
        second = await crowd.start()
        await second.logged("waiting: another process works on this store")
        plan = await crowd.deploys("v1.2")
        await crowd.until(lambda: crowd.history()[-1] == "pending-upgrade")
        assert not any("listening" in line for line in second.lines)
        first.process.send_signal(SIGKILL)
        await second.logged("listening")
        done = await crowd.sees("✅ shop → staging v1.2")
        assert done.id == plan.id
        assert len([each for each in crowd.messages() if "shop → staging" in each.text]) == 1
        assert crowd.history().count("deployed") == 1


async def freeze(bot: Bot, store: str) -> None:
    """Stop a bot where it stands, but not while it holds SQLite's one lock: then nobody could take over."""
    while True:
        bot.process.send_signal(SIGSTOP)
        if not store.startswith("sqlite"):
            return
        connection = sqlite3.connect(store.removeprefix("sqlite:///"), timeout=0.5, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            bot.process.send_signal(SIGCONT)
        else:
            return
        finally:
            connection.close()


@pytest.mark.long(15)
async def test_a_leader_that_was_frozen_wakes_up_and_does_nothing_more(
    sandbox: SandboxWorld, tmp_path: Path, store: str
) -> None:
    async with open_crowd(sandbox, tmp_path, {"store": store}) as crowd:
        frozen = await crowd.start()
        await frozen.logged("listening")
        other = await crowd.start()
        await other.logged("waiting")
        await crowd.deploys("v1.2")
        await crowd.until(lambda: crowd.history()[-1] == "pending-upgrade")
        await freeze(frozen, store)
        await other.logged("listening")
        done = await crowd.sees("✅ shop → staging v1.2")
        told = [(each.id, each.edits, spaced(each.text)) for each in crowd.messages()]
        before = crowd.history()
        frozen.process.send_signal(SIGCONT)
        assert await frozen.ended(within=30) == 3
        assert "has taken over" in frozen.text
        assert [(each.id, each.edits, spaced(each.text)) for each in crowd.messages()] == told
        assert crowd.history() == before
        assert done.text.startswith("✅")
        crowd.says("/whoami")
        await crowd.sees("Your id 1002")
