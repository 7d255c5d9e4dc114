"""What may be handed in, and what the desk tells of operations: by the store alone, nothing runs here."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.operations.desk import Desk, Order
from bot.operations.engine import Engine
from bot.operations.errors import Busy, Held, Spent, Suspended
from bot.operations.operation import Author
from bot.store import holds
from bot.store.database import Database
from bot.store.holds import Standstill
from bot.store.tables import AuditRow, OperationRow, SuspensionRow
from bot.store.vault import Vault
from tests.images.moving_clock import MovingClock
from tests.operations.painting import DANA, Listener, World, paint

KIM = Author(1001, "Kim")


class Place:
    """A desk whose engine never looks for work."""

    def __init__(self, store: Database, folder: Path) -> None:
        self.store = store
        self.clock = MovingClock()
        engine = Engine(
            store,
            self.clock,
            Listener(),
            World(),
            transient=lambda error: False,
            on_lost=lambda: None,
            mask=str,
        )
        self.desk = Desk(store, Vault.open(folder / "key"), self.clock, engine)

    async def submit(self, subject: str, state: str = "queued", **more: Any) -> str:
        """Hand one in, a second after the one before; it is in this state then."""
        self.clock.passed += 1
        found = await self.desk.submit(paint(subject, **more))
        async with self.store.write() as session:
            (await session.get_one(OperationRow, found)).state = state
        return found

    async def waiting(self, subject: str, kind: str, state: str = "queued") -> str:
        """Somebody who waits for their turn, or to be called."""
        order = paint(subject)
        found = await self.desk.submit(Order(**{**vars(order), "kind": kind}), wait=True)
        async with self.store.write() as session:
            (await session.get_one(OperationRow, found)).state = state
        return found

    async def state(self, operation_id: str) -> str:
        """Of one operation."""
        row = await self.desk.find(operation_id)
        assert row is not None
        return row.state

    async def decisions(self) -> list[tuple[str, str]]:
        """The audit trail: what was done, by whom."""
        async with self.store.read() as session:
            rows = await session.scalars(select(AuditRow).order_by(AuditRow.id))
            return [(row.action, row.actor) for row in rows]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as store:
        yield Place(store, tmp_path)


async def no(_: AsyncSession) -> bool:
    return False


async def yes(_: AsyncSession) -> bool:
    return True


async def test_what_asked_for_it_is_used_up_or_nothing_is_handed_in(place: Place) -> None:
    with pytest.raises(Spent, match=r"^That was pressed already$"):
        await place.desk.submit(paint(), spend=no)
    assert await place.desk.recent() == []
    assert await place.decisions() == []
    found = await place.desk.submit(paint(), spend=yes)
    assert await place.state(found) == "queued"


async def test_what_is_handed_in_may_stop_what_is_there(place: Place) -> None:
    running = await place.submit("wall", "running")
    with pytest.raises(Busy):
        await place.desk.submit(paint(), stops=running)
    found = await place.desk.submit(paint(), wait=True, stops=running)
    place.desk.stop_now(running, DANA)
    assert (await place.state(running), await place.state(found)) == ("cancelling", "queued")
    assert [action for action, _ in await place.decisions()] == ["paint", "cancel", "paint"]


async def test_whoever_is_suspended_hands_nothing_in(place: Place) -> None:
    row = SuspensionRow(
        person_id=DANA.id, name="Dana", reason="lost a phone", by_id=KIM.id, by_name="Kim",
        at=place.clock.now(), fingerprint="",
    )  # fmt: skip
    async with place.store.write() as session:
        session.add(row)
    with pytest.raises(Suspended, match="Dana is suspended"):
        await place.desk.submit(paint())
    assert await place.desk.recent() == []


async def test_a_standstill_keeps_everything_back_but_who_waits(place: Place) -> None:
    async with place.store.write() as session:
        await holds.begin_standstill(session, Standstill("fire", KIM.id, "Kim", place.clock.now()))
    with pytest.raises(Held):
        await place.desk.submit(paint())
    assert await place.state(await place.waiting("wall", "turn")) == "queued"


async def test_who_holds_a_subject_is_the_first_that_is_open_and_does_not_just_wait(place: Place) -> None:
    assert await place.desk.holder("wall") is None
    await place.waiting("wall", "turn")
    await place.submit("fence")
    await place.submit("wall", "ended")
    assert await place.desk.holder("wall") is None
    first = await place.submit("wall", "running")
    place.clock.passed += 1
    await place.desk.submit(paint(), wait=True)
    found = await place.desk.holder("wall")
    assert found is not None
    assert (found.holder, found.author, found.what) == (first, "Dana", "paint of v1")


async def test_the_recent_ones_are_those_that_are_open_and_then_the_newest_that_ended(place: Place) -> None:
    old = await place.submit("a", "ended")
    open_one = await place.submit("b", "running")
    new = await place.submit("c", "ended")
    await place.waiting("d", "call")
    turn = await place.waiting("e", "turn")
    found = [row.id for row in await place.desk.recent()]
    assert found[:2] in ([open_one, turn], [turn, open_one])
    assert found[2:] == [new, old]
    assert [row.id for row in await place.desk.recent(3)][2:] == [new]
    assert len(await place.desk.recent(1)) == 1


async def test_what_has_begun_is_told_oldest_first(place: Place) -> None:
    first = await place.submit("a", "running")
    second = await place.submit("b", "cancelling")
    await place.submit("c", "ended")
    await place.submit("d")
    await place.waiting("e", "turn", "running")
    assert [row.id for row in await place.desk.begun()] == [first, second]


@pytest.mark.parametrize(
    ("state", "stopped"), [("queued", True), ("running", True), ("cancelling", False), ("ended", False)]
)
async def test_what_is_open_can_be_stopped_once(place: Place, state: str, stopped: bool) -> None:
    found = await place.submit("wall", state)
    assert await place.desk.cancel(found, KIM, leaves=True) is stopped
    row = await place.desk.find(found)
    assert row is not None
    told = {"cancelling": True, "stopped_by": "Kim", "leaves": True}
    assert (told.items() <= row.view.items()) is stopped
    assert (("cancel", "Kim") in await place.decisions()) is stopped
    assert not await place.desk.cancel("nobody", KIM)


async def test_what_somebody_handed_in_and_has_not_begun_is_stopped(place: Place) -> None:
    queued = await place.submit("a")
    running = await place.submit("b", "running")
    async with place.store.write() as session:
        await place.desk.stop_queued(session, KIM.id, KIM)
    assert await place.state(queued) == "queued"
    async with place.store.write() as session:
        await place.desk.stop_queued(session, DANA.id, KIM)
    place.desk.wake()
    assert (await place.state(queued), await place.state(running)) == ("cancelling", "running")


async def test_what_is_not_held_here_cannot_be_let_wait(place: Place) -> None:
    assert not place.desk.let_wait(await place.submit("wall", "running"), KIM)
