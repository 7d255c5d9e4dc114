"""The engine with a kind of operation made for it: what is journaled, replayed, cancelled and fenced."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from bot.clock import SystemClock
from bot.operations.errors import Busy
from bot.operations.frozen import Frozen
from bot.operations.lease import Lease
from bot.operations.operation import Author, Operation, Outcome
from bot.operations.steps import Journal, Steps
from bot.store import audit
from bot.store.database import Database
from bot.store.tables import AuditRow, FrozenRow, LeaseRow, OperationRow, StepRow
from bot.store.vault import Vault
from tests.operations.painting import DANA, SECRET, Paint, World, engine_on, paint


async def test_an_operation_runs_its_steps_and_ends(database: Database, tmp_path: Path) -> None:
    world = World()
    world.gate.set()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert world.calls == ["prime", "coat 2"]
    assert view.outcome == Outcome(result="done", words="2 coats")
    assert [(step.title, step.state) for step in view.steps] == [("Prime", "done"), ("Coat", "done")]


async def test_a_step_that_finished_before_a_crash_is_not_run_again(
    database: Database, tmp_path: Path
) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, _listener):
        operation_id = await desk.submit(paint())
        await world.reached.wait()
    world.gate.set()
    async with engine_on(database, world, tmp_path) as (_, _, listener):
        view = await listener.end_of(operation_id)
    assert world.calls == ["prime", "coat 2", "coat 2"]
    assert view.outcome is not None
    assert view.outcome.result == "done"


async def test_the_audit_trail_tells_the_start_and_the_end(database: Database, tmp_path: Path) -> None:
    world = World()
    world.gate.set()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        operation_id = await desk.submit(paint())
        await listener.end_of(operation_id)
    async with database.read() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.id))).all()
        assert await audit.verify(session) is None
    assert [(row.action, row.outcome, row.actor, row.detail) for row in rows] == [
        ("paint", "started", "Dana", f"v1 operation {operation_id}"),
        ("paint", "ended", "Dana", f"v1 operation {operation_id} done: 2 coats"),
    ]


async def test_a_failed_step_ends_the_operation_with_its_words(database: Database, tmp_path: Path) -> None:
    world = World()
    world.refuses = True
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert view.outcome == Outcome(result="failed", words="The wall is wet", advice="Wait for the sun")
    assert view.steps[0].state == "failed"


async def test_trouble_with_the_infrastructure_makes_the_step_run_again(
    database: Database, tmp_path: Path
) -> None:
    world = World()
    world.unreachable = 1
    world.gate.set()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert world.calls == ["prime", "prime", "coat 2"]
    assert view.outcome is not None
    assert view.outcome.result == "done"
    assert any("the wall is away" in each.note for each in listener.views)


async def test_trouble_with_the_store_fails_no_operation(database: Database, tmp_path: Path) -> None:
    world = World()
    world.locked = 1
    world.gate.set()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert world.calls == ["prime", "prime", "coat 2"]
    assert view.outcome == Outcome(result="done", words="2 coats")


@pytest.mark.parametrize("breaks", [False, True])
async def test_no_secret_in_others_words_is_stored_or_shown(
    database: Database, tmp_path: Path, breaks: bool
) -> None:
    world = World()
    world.unreachable, world.breaks = 1, breaks
    world.gate.set()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        await listener.end_of(await desk.submit(paint()))
    async with database.read() as session:
        operation = (await session.scalars(select(OperationRow))).one()
        steps = (await session.scalars(select(StepRow))).all()
    stored = f"{operation.view} {operation.outcome} {[step.result for step in steps]}"
    shown = "".join(view.model_dump_json() for view in listener.views)
    assert SECRET not in stored + shown
    assert "the wall is away, says •••" in shown
    assert "key=•••" in shown
    assert ("no paint called •••" in stored) is breaks


async def test_a_second_operation_on_one_subject_is_told_who_holds_it(
    database: Database, tmp_path: Path
) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        first = await desk.submit(paint())
        await world.reached.wait()
        with pytest.raises(Busy, match="Dana's paint of v1"):
            await desk.submit(paint())
        second = await desk.submit(paint(), wait=True)
        third = await desk.submit(paint("fence"))
        assert (await desk.find(second)).state == "queued"  # type: ignore[union-attr]
        world.gate.set()
        for operation_id in (first, second, third):
            assert (await listener.end_of(operation_id)).outcome is not None


async def test_a_cancel_in_the_middle_runs_the_clean_up_once(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        operation_id = await desk.submit(paint())
        await world.reached.wait()
        assert await desk.cancel(operation_id, Author(1001, "Kim"))
        assert not await desk.cancel(operation_id, Author(1001, "Kim"))
        view = await listener.end_of(operation_id)
    assert world.calls == ["prime", "coat 2", "wash"]
    assert view.outcome == Outcome(result="cancelled", words="washed")
    assert view.stopped_by == "Kim"
    assert not view.leaves


async def test_what_a_cancel_said_is_in_every_view_after_it(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        operation_id = await desk.submit(paint())
        await world.reached.wait()
        assert await desk.cancel(operation_id, Author(1001, "Kim"), leaves=True)
        view = await listener.end_of(operation_id)
        async with database.read() as session:
            row = await session.get_one(OperationRow, operation_id)
    assert (view.stopped_by, view.leaves) == ("Kim", True)
    assert (row.view["stopped_by"], row.view["leaves"]) == ("Kim", True)


async def test_a_cancel_that_cannot_be_written_down_is_none(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        operation_id = await desk.submit(paint())
        await world.reached.wait()
        async with database.write() as session:
            await session.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
        with pytest.raises(DBAPIError):
            await desk.cancel(operation_id, Author(1001, "Kim"))
        async with database.write() as session:
            await session.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
        world.gate.set()
        view = await listener.end_of(operation_id)
    assert view.outcome == Outcome(result="done", words="2 coats")


async def test_a_cancel_before_the_start_does_nothing_at_all(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        await desk.submit(paint())
        await world.reached.wait()
        waiting = await desk.submit(paint(), wait=True)
        await desk.cancel(waiting, DANA)
        view = await listener.end_of(waiting)
        assert view.outcome == Outcome(result="cancelled")
        assert world.calls == ["prime", "coat 2"]


async def test_a_cancel_while_the_run_is_being_set_up_is_not_lost(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    read = Journal.read

    async def read_and_be_cancelled(journal: Journal) -> dict[str, StepRow]:
        found = await read(journal)
        async with database.write() as session:
            await session.execute(
                update(OperationRow).where(OperationRow.state == "running").values(state="cancelling")
            )
        return found

    monkeypatch.setattr(Journal, "read", read_and_be_cancelled)
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(paint()))
    assert view.outcome == Outcome(result="cancelled", words="washed")


async def test_who_lost_the_lease_records_nothing_more(database: Database, tmp_path: Path) -> None:
    world = World()
    lost = asyncio.Event()
    async with engine_on(database, world, tmp_path, on_lost=lost.set) as (engine, desk, _):
        operation_id = await desk.submit(paint())
        await world.reached.wait()
        async with database.write() as session:
            await session.execute(update(LeaseRow).values(epoch=LeaseRow.epoch + 1, holder="elsewhere:1:1"))
        world.gate.set()
        engine.wake()
        await lost.wait()
    async with database.read() as session:
        steps = (
            await session.scalars(select(StepRow.name).where(StepRow.operation_id == operation_id))
        ).all()
        row = await session.get_one(OperationRow, operation_id)
    assert list(steps) == ["prime"]
    assert row.state == "running"


async def test_who_never_led_gives_nothing_up(database: Database, tmp_path: Path) -> None:
    leads = Lease(database, SystemClock(), holder="elsewhere:1:1")
    assert await leads.acquire()
    async with database.read() as session:
        before = (await session.get_one(LeaseRow, "operations")).expires_at
    async with engine_on(database, World(), tmp_path) as (engine, _, _listener):
        assert not engine.let_wait("nobody", "Kim")
    async with database.read() as session:
        assert (await session.get_one(LeaseRow, "operations")).expires_at == before


async def test_a_lease_of_a_dead_process_of_this_machine_is_taken_at_once(database: Database) -> None:
    import socket

    first = Lease(database, SystemClock(), holder=f"{socket.gethostname()}:999999:1")
    assert await first.acquire()
    assert await Lease(database, SystemClock()).acquire()
    assert not await Lease(database, SystemClock(), holder="elsewhere:1:1").acquire()


class Broken(Operation, kind="broken"):
    Arguments = Paint.Arguments

    async def run(self, do: Steps) -> Outcome:
        raise KeyError("a fault of ours")


async def test_an_operation_that_can_t_be_run_is_given_up_and_frees_its_subject(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operations.engine.POLL_EVERY", 0.01)
    async with engine_on(database, World(), tmp_path) as (_, desk, listener):
        view = await listener.end_of(await desk.submit(replace(paint(), kind="broken")))
        assert view.outcome is not None
        assert view.outcome.result == "failed"
        assert await desk.holder("wall") is None


async def test_what_was_confirmed_is_sealed_and_gone_at_the_end(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        frozen = Frozen(database, Vault.open(tmp_path / "key"))
        operation_id = await desk.submit(paint(frozen={"values": b"password"}))
        await world.reached.wait()
        assert await frozen.read(operation_id, "values") == b"password"
        world.gate.set()
        await listener.end_of(operation_id)
        with pytest.raises(Exception, match="No row"):
            await frozen.read(operation_id, "values")
    async with database.read() as session:
        assert not (await session.scalars(select(FrozenRow))).all()
    kept = (tmp_path / "state").glob("*")  # the files of SQLite; those of a server are not ours to read
    assert b"password" not in b"".join(path.read_bytes() for path in kept)


async def test_what_was_confirmed_is_gone_however_it_ends(database: Database, tmp_path: Path) -> None:
    """A failure, a bug, a cancel while it runs, and one while it waits."""
    for how in ("refuses", "breaks", "cancelled"):
        world = World()
        world.refuses, world.breaks = how == "refuses", how == "breaks"
        async with engine_on(database, world, tmp_path) as (_, desk, listener):
            order = paint(frozen={"values": b"password"})
            first, waiting = [await desk.submit(order, wait=wait) for wait in (False, True)]
            if how == "cancelled":
                await world.reached.wait()
                assert await desk.cancel(waiting, DANA)
                assert await desk.cancel(first, DANA)
            ends = [await listener.end_of(first), await listener.end_of(waiting)]
        assert {view.outcome.result for view in ends if view.outcome} == {
            "cancelled" if how == "cancelled" else "failed"
        }
        async with database.read() as session:
            assert not (await session.scalars(select(FrozenRow))).all()
