"""How many operations run at once, who is told that they wait, and a store that is away for too long."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.events import Held
from bot.operations.engine import Engine
from bot.operations.lease import DURATION
from bot.operations.view import View
from bot.store.database import Database
from tests.images.moving_clock import MovingClock
from tests.operations.painting import Listener, Paint, World, engine_on, paint


class Plaster(Paint, kind="plaster"):
    """Of these not all may run that could."""

    Arguments = Paint.Arguments
    queue = "walls"


class Hang(Paint, kind="hang"):
    """Is held, and waits for somebody to say so."""

    Arguments = Paint.Arguments

    async def prime(self) -> int:
        self.tell(Held("The nail is bent"))
        return 1


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as store:
        yield store


async def seen(listener: Listener, what: str) -> View:
    """The newest view in which that is so; views come as the engine's own tasks go on."""
    async with asyncio.timeout(60):
        while not (found := [each for each in listener.views if getattr(each, what)]):
            await asyncio.sleep(0)
    return found[-1]


async def test_no_more_run_than_may(store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operations.engine.LIMIT", 1)
    world = World()
    async with engine_on(store, world, tmp_path) as (_, desk, _listener):
        handed_in = [await desk.submit(paint(subject)) for subject in ("wall", "fence", "door")]
        await world.reached.wait()
        begun = [row.id for row in await desk.begun()]
        assert len(begun) == 1
    world.gate.set()
    async with engine_on(store, world, tmp_path) as (_, desk, listener):  # which finds them all at once
        for each in handed_in:
            await listener.end_of(each)
    assert world.calls.count("prime") == 3


async def test_whoever_waits_in_a_queue_is_told_how_many_go_before(store: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(store, world, tmp_path, most=lambda: {"walls": 1}) as (_, desk, listener):
        first = await desk.submit(replace(paint("wall"), kind="plaster"))
        await world.reached.wait()
        second = await desk.submit(replace(paint("fence"), kind="plaster"))
        assert (await seen(listener, "behind")).behind == 1
        world.gate.set()
        for each in (first, second):
            assert (await listener.end_of(each)).behind == 0


async def test_somebody_may_let_what_is_held_wait_and_it_takes_nobodys_place(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operations.engine.LIMIT", 1)
    world = World()
    async with engine_on(store, world, tmp_path) as (engine, desk, listener):
        held = await desk.submit(replace(paint("picture"), kind="hang"))
        await seen(listener, "held")
        assert engine.let_wait(held, "Kim")
        assert not engine.let_wait("nobody", "Kim")
        beside = await desk.submit(paint("wall"))
        await world.reached.wait()
        world.gate.set()
        for each in (held, beside):
            await listener.end_of(each)
    assert [each.held.waits for each in listener.views if each.held is not None][-1] == "Kim"


async def test_a_store_that_is_away_for_longer_than_the_lease_ends_the_engine(store: Database) -> None:
    lost, clock = asyncio.Event(), MovingClock()
    engine = Engine(
        store, clock, Listener(), World(), transient=lambda error: False, on_lost=lost.set, mask=str
    )
    with capture_logs() as logged:
        async with engine:
            while not clock.slept:
                await asyncio.sleep(0)
            async with store.write() as session:
                await session.execute(text("ALTER TABLE lease RENAME TO away"))
                clock.passed += DURATION.total_seconds()
            async with asyncio.timeout(60):
                await lost.wait()
            async with store.write() as session:
                await session.execute(text("ALTER TABLE away RENAME TO lease"))
    assert "the operations engine stopped" in [each["event"] for each in logged]
