"""What becomes of operations that a lock, a standstill or a suspension keeps back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.operations.desk import Order
from bot.operations.errors import Held, Suspended
from bot.operations.operation import Author, Outcome
from bot.operations.turn import Turn
from bot.store import holds
from bot.store.database import Database
from bot.store.holds import Lock, Standstill
from bot.store.tables import SuspensionRow
from tests.operations.painting import DANA, World, engine_on, paint


def turn() -> Order:
    return replace(paint(), kind=Turn.kind, arguments=Turn.Arguments(request={}))


def lock_of_kim(**more: Any) -> Lock:
    now = SystemClock().now()
    usual = Lock("staging", "", "migration", 1001, "Kim", now, None, -100, 2, 7)
    return replace(usual, **more)


async def test_a_lock_keeps_others_back_and_a_wait_until_it_ends(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (engine, desk, listener):
        async with database.write() as session:
            await holds.keep_lock(session, lock_of_kim())
        with pytest.raises(Held, match="Kim has locked staging: “migration”"):
            await desk.submit(paint())
        waiting = await desk.submit(turn(), wait=True)
        world.gate.set()
        of_kim = await desk.submit(replace(paint(), author=Author(1001, "Kim")))
        await listener.end_of(of_kim)  # the holder's own goes past whoever waits
        assert world.calls == ["prime", "coat 2"]
        async with database.write() as session:
            await holds.keep_lock(session, lock_of_kim(until=SystemClock().now()))
        engine.wake()
        await listener.end_of(waiting)
    assert world.calls[-1] == "replan"


async def test_what_meets_a_hold_on_its_way_ends_before_it_begins(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        running = await desk.submit(paint())
        await world.reached.wait()
        behind = await desk.submit(paint(), wait=True)
        async with database.write() as session:
            await holds.begin_standstill(session, Standstill("fire", 1001, "Kim", SystemClock().now()))
        world.gate.set()
        assert (await listener.end_of(running)).outcome == Outcome(result="done", words="2 coats")
        outcome = (await listener.end_of(behind)).outcome
    assert outcome == Outcome(result="held", words="Kim has stopped all operations: “fire”")
    assert world.calls == ["prime", "coat 2"]


async def test_who_is_suspended_hands_in_nothing_and_what_waits_of_theirs_ends(
    database: Database, tmp_path: Path
) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        running = await desk.submit(paint())
        await world.reached.wait()
        behind = await desk.submit(paint(), wait=True)
        of_kim = await desk.submit(replace(paint(), author=Author(1001, "Kim")), wait=True)
        async with database.write() as session:
            session.add(suspension_of(DANA))
            await desk.stop_queued(session, DANA.id, Author(1001, "Kim"))
        desk.wake()
        with pytest.raises(Suspended, match="Dana is suspended"):
            await desk.submit(paint(), wait=True)
        stopped = await listener.end_of(behind)
        assert (stopped.outcome, stopped.stopped_by) == (Outcome(result="cancelled"), "Kim")
        world.gate.set()
        for operation_id in (running, of_kim):
            assert (await listener.end_of(operation_id)).outcome == Outcome(result="done", words="2 coats")


def suspension_of(author: Author) -> SuspensionRow:
    return SuspensionRow(
        person_id=author.id,
        name=author.name,
        reason="lost phone",
        by_id=1001,
        by_name="Kim",
        at=SystemClock().now(),
        fingerprint="",
    )
