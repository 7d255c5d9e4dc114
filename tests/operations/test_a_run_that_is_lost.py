"""The engine when a run of its own ends by no word of the operation: made again, given up, or left to others."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.operations.engine import GIVEN_UP, MOST_LOSSES
from bot.operations.errors import LeaseLost
from bot.operations.lease import DURATION, Lease
from bot.operations.operation import Outcome
from bot.operations.steps import Journal
from bot.store.database import Database
from bot.store.tables import StepRow
from tests.images.moving_clock import MovingClock
from tests.operations.painting import World, engine_on, paint

DONE = Outcome(result="done", words="2 coats")


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EventDict]]:
    """What is logged, of an engine that looks again without waiting."""
    monkeypatch.setattr("bot.operations.engine.POLL_EVERY", 0.01)
    with capture_logs() as captured:
        yield captured


def losing(monkeypatch: pytest.MonkeyPatch, losses: Iterator[Exception]) -> None:
    """Let the journal be unreadable, in these ways one after another."""
    read = Journal.read

    async def read_or_lose(journal: Journal) -> dict[str, StepRow]:
        for loss in losses:
            raise loss
        return await read(journal)

    monkeypatch.setattr(Journal, "read", read_or_lose)


def opened() -> World:
    """A world that holds no step."""
    world = World()
    world.gate.set()
    return world


async def test_it_is_made_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[EventDict]
) -> None:
    losing(monkeypatch, iter([KeyError("ours")] * (MOST_LOSSES - 1)))
    async with engine_on(database, opened(), tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert view.outcome == DONE
    lost = [each for each in said if "the operation's run was lost" in each["event"]]
    assert len(lost) == MOST_LOSSES - 1


async def test_it_is_given_up_where_it_is_lost_each_time(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(monkeypatch, iter([KeyError("ours")] * MOST_LOSSES))
    world = opened()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
        assert view.outcome == GIVEN_UP
        assert world.calls == []
        assert await desk.holder("wall") is None
        assert (await listener.end_of(await desk.submit(paint()))).outcome == DONE


async def test_what_is_away_for_a_while_is_waited_for_however_often(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(monkeypatch, iter([ConnectionError("away")] * (2 * MOST_LOSSES)))
    async with engine_on(database, opened(), tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert view.outcome == DONE


async def test_what_another_process_took_over_is_no_loss(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[EventDict]
) -> None:
    losing(monkeypatch, iter([LeaseLost("another process")] * (2 * MOST_LOSSES)))
    async with engine_on(database, opened(), tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert view.outcome == DONE
    taken = [each for each in said if each["event"].startswith("another process has taken over")]
    assert len(taken) == 2 * MOST_LOSSES


async def test_a_clean_up_that_is_interrupted_is_made_again(database: Database, tmp_path: Path) -> None:
    world = World()
    world.dry.clear()
    async with engine_on(database, world, tmp_path) as (engine, desk, listener):
        operation_id = await desk.submit(paint())
        await world.reached.wait()
        assert await desk.cancel(operation_id, paint().author)
        await world.washed.wait()
        engine.stop_now(operation_id, "Dana")
        world.dry.set()
        view = await listener.end_of(operation_id)
    assert world.calls == ["prime", "coat 2", "wash", "wash"]
    assert view.outcome == Outcome(result="cancelled", words="washed")


async def leading(lease: Lease) -> None:
    async with asyncio.timeout(60):
        while not lease.holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def away(database: Database) -> AsyncIterator[None]:
    """The store answers, but not to what an engine asks of it."""
    async with database.write() as session:
        await session.execute(text("ALTER TABLE lease RENAME TO elsewhere"))
    yield
    async with database.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO lease"))


async def test_a_store_that_is_away_for_a_while_ends_nothing(
    database: Database, tmp_path: Path, said: list[EventDict]
) -> None:
    lease = Lease(database, MovingClock())
    async with engine_on(database, opened(), tmp_path, lease=lease) as (_, desk, listener):
        await leading(lease)
        async with away(database), asyncio.timeout(60):
            while not any(each["event"] == "work could not be looked for" for each in said):
                await asyncio.sleep(0.01)
        view = await listener.end_of(await desk.submit(paint()))
    assert view.outcome == DONE


async def test_one_that_is_away_until_the_lease_runs_out_ends_the_engine(
    database: Database, tmp_path: Path
) -> None:
    clock, lost = MovingClock(), asyncio.Event()
    lease = Lease(database, clock)
    async with engine_on(database, World(), tmp_path, lease=lease, on_lost=lost.set):
        await leading(lease)
        async with away(database), asyncio.timeout(60):
            await clock.sleep(DURATION.total_seconds() + 1)
            await lost.wait()
