"""The engine with a kind of operation made for it: what is journaled, replayed, cancelled and fenced."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import SystemClock
from bot.events import PodTrouble, Trouble
from bot.operations import operation
from bot.operations.desk import Desk, Order
from bot.operations.engine import Engine
from bot.operations.errors import Busy, Held, StepFailed, Suspended
from bot.operations.frozen import Frozen
from bot.operations.lease import Lease
from bot.operations.operation import Author, Operation, Outcome, Record
from bot.operations.steps import Journal, Steps
from bot.operations.turn import Turn
from bot.operations.view import View
from bot.store import audit, holds
from bot.store.database import Database
from bot.store.holds import Lock, Standstill
from bot.store.tables import AuditRow, FrozenRow, LeaseRow, OperationRow, StepRow, SuspensionRow
from bot.store.vault import Vault

DANA = Author(1002, "Dana")
SECRET = "hunter2-of-the-wall"


class World:
    """What the toy operation acts on: counts its calls, and holds a step until a test lets it go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.unreachable = 0
        self.refuses = False
        self.breaks = False

    async def replan(self, record: Record) -> None:
        self.calls.append("replan")


class Paint(Operation, kind="paint"):
    class Arguments(operation.Arguments):
        colour: str

    tools: World

    async def run(self, do: Steps) -> Outcome:
        coats = await do("prime", self.prime)
        await do("coat", self.coat, coats)
        return Outcome(result="done", words=f"{coats} coats")

    async def cancelled(self, do: Steps) -> Outcome:
        await do("wash", self.wash)
        return Outcome(result="cancelled", words="washed")

    async def prime(self) -> int:
        self.tools.calls.append("prime")
        if self.tools.unreachable:
            self.tools.unreachable -= 1
            raise ConnectionError(f"the wall is away, says {SECRET}")
        self.tell(
            PodTrouble("wall-1", "Wall/wall", Trouble("damp", SECRET, "Wall/wall", quote=f"key={SECRET}"))
        )
        if self.tools.breaks:
            raise ValueError(f"no paint called {SECRET}")
        if self.tools.refuses:
            raise StepFailed("The wall is wet", advice="Wait for the sun")
        return 2

    async def coat(self, coats: int) -> None:
        self.tools.calls.append(f"coat {coats}")
        self.tools.reached.set()
        await self.tools.gate.wait()

    async def wash(self) -> None:
        self.tools.calls.append("wash")


class Listener:
    def __init__(self) -> None:
        self.views: list[View] = []
        self.ends: dict[str, View] = {}
        self.changed_end = asyncio.Event()

    def changed(self, operation_id: str, view: View) -> None:
        self.views.append(view)

    async def ended(self, session: AsyncSession, row: OperationRow, view: View) -> None:
        self.ends[row.id] = view

    def told(self) -> None:
        self.changed_end.set()

    async def end_of(self, operation_id: str) -> View:
        while operation_id not in self.ends:
            self.changed_end.clear()
            await asyncio.wait_for(self.changed_end.wait(), 20)
        return self.ends[operation_id]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The engine's tests run on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/bot.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url) as database:
        yield database


@asynccontextmanager
async def engine_on(
    database: Database, world: World, tmp_path: Path, **more: Any
) -> AsyncIterator[tuple[Engine, Desk, Listener]]:
    listener = Listener()
    lost = more.pop("on_lost", lambda: None)
    engine = Engine(
        database,
        SystemClock(),
        listener,
        world,
        transient=lambda error: isinstance(error, ConnectionError),
        on_lost=lost,
        mask=lambda text: text.replace(SECRET, "•••"),
        **more,
    )
    async with engine:
        yield engine, Desk(database, Vault.open(tmp_path / "key"), SystemClock(), engine), listener


def paint(subject: str = "wall", **more: Any) -> Order:
    return Order(
        kind="paint",
        subject=subject,
        app="shop",
        environment="staging",
        version="v1",
        arguments=Paint.Arguments(colour="red"),
        author=DANA,
        **more,
    )


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
        await asyncio.wait_for(world.reached.wait(), 10)
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
        await asyncio.wait_for(world.reached.wait(), 10)
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
        await asyncio.wait_for(world.reached.wait(), 10)
        assert await desk.cancel(operation_id, Author(1001, "Kim"))
        assert not await desk.cancel(operation_id, Author(1001, "Kim"))
        view = await listener.end_of(operation_id)
    assert world.calls == ["prime", "coat 2", "wash"]
    assert view.outcome == Outcome(result="cancelled", words="washed")
    assert view.stopped_by == "Kim"


async def test_a_cancel_before_the_start_does_nothing_at_all(database: Database, tmp_path: Path) -> None:
    world = World()
    async with engine_on(database, world, tmp_path) as (_, desk, listener):
        await desk.submit(paint())
        await asyncio.wait_for(world.reached.wait(), 10)
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
        await asyncio.wait_for(world.reached.wait(), 10)
        async with database.write() as session:
            await session.execute(update(LeaseRow).values(epoch=LeaseRow.epoch + 1, holder="elsewhere:1:1"))
        world.gate.set()
        engine.wake()
        await asyncio.wait_for(lost.wait(), 20)
    async with database.read() as session:
        steps = (
            await session.scalars(select(StepRow.name).where(StepRow.operation_id == operation_id))
        ).all()
        row = await session.get_one(OperationRow, operation_id)
    assert list(steps) == ["prime"]
    assert row.state == "running"


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
        await asyncio.wait_for(world.reached.wait(), 10)
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
                await asyncio.wait_for(world.reached.wait(), 10)
                assert await desk.cancel(waiting, DANA)
                assert await desk.cancel(first, DANA)
            ends = [await listener.end_of(first), await listener.end_of(waiting)]
        assert {view.outcome.result for view in ends if view.outcome} == {
            "cancelled" if how == "cancelled" else "failed"
        }
        async with database.read() as session:
            assert not (await session.scalars(select(FrozenRow))).all()


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
        await asyncio.wait_for(world.reached.wait(), 10)
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
        await asyncio.wait_for(world.reached.wait(), 10)
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
