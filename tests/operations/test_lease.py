"""Who leads: one process at a time, by a lease that runs out, and an epoch that fences off who had it before."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.operations.errors import LeaseLost
from bot.operations.lease import DURATION, NAME, TRY_EVERY, Lease, leader
from bot.store.database import Database
from bot.store.tables import LeaseRow
from tests.images.moving_clock import MovingClock

HERE, ELSEWHERE = "elsewhere:1:1", "far-away:2:2"
HOST = socket.gethostname()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/bot.db") as opened:
        yield opened


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


async def row(store: Database) -> LeaseRow:
    async with store.read() as session:
        return await session.get_one(LeaseRow, NAME)


async def test_the_first_one_leads_in_the_first_epoch(store: Database, clock: MovingClock) -> None:
    lease = Lease(store, clock, holder=HERE)
    assert not lease.holds()
    assert await lease.acquire()
    assert lease.holds()
    kept = await row(store)
    assert (kept.holder, kept.epoch, kept.expires_at) == (HERE, 1, clock.now() + DURATION)
    assert lease.epoch == 1


async def test_another_one_does_not_lead_before_the_lease_has_run_out(
    store: Database, clock: MovingClock
) -> None:
    first, second = Lease(store, clock, holder=HERE), Lease(store, clock, holder=ELSEWHERE)
    assert await first.acquire()
    await clock.sleep(DURATION.total_seconds() - 0.1)
    assert not await second.acquire()
    assert not second.holds()
    assert (await row(store)).holder == HERE
    assert first.holds()
    await clock.sleep(0.1)
    assert not first.holds()
    assert await second.acquire()
    assert (second.epoch, (await row(store)).holder) == (2, ELSEWHERE)


async def test_whoever_comes_back_under_its_own_name_leads_again_in_a_new_epoch(
    store: Database, clock: MovingClock
) -> None:
    assert await Lease(store, clock, holder=HERE).acquire()
    again = Lease(store, clock, holder=HERE)
    assert await again.acquire()
    assert again.epoch == 2


async def test_a_lease_that_is_renewed_goes_on(store: Database, clock: MovingClock) -> None:
    lease = Lease(store, clock, holder=HERE)
    await lease.acquire()
    await clock.sleep(10)
    await lease.renew()
    assert (await row(store)).expires_at == clock.now() + DURATION
    await clock.sleep(14.9)
    assert lease.holds()
    assert not await Lease(store, clock, holder=ELSEWHERE).acquire()
    await clock.sleep(0.1)
    assert not lease.holds()


async def test_whoever_lost_it_can_neither_renew_nor_write_nor_give_it_up(
    store: Database, clock: MovingClock
) -> None:
    first, second = Lease(store, clock, holder=HERE), Lease(store, clock, holder=ELSEWHERE)
    await first.acquire()
    await clock.sleep(15)
    await second.acquire()
    with pytest.raises(LeaseLost, match=r"^another process has taken over this store's operations$"):
        await first.renew()
    assert not first.holds()
    async with store.write() as session:
        await second.check(session)
        assert second.epoch == 2
        with pytest.raises(LeaseLost):
            await first.check(session)
    await first.release()
    assert (await row(store)).expires_at == clock.now() + DURATION


async def test_nobody_may_write_who_never_led(store: Database, clock: MovingClock) -> None:
    lease = Lease(store, clock, holder=HERE)
    async with store.write() as session:
        with pytest.raises(LeaseLost):
            await lease.check(session)
    await lease.release()


async def test_a_lease_that_is_given_up_is_free_at_once(store: Database, clock: MovingClock) -> None:
    first, second = Lease(store, clock, holder=HERE), Lease(store, clock, holder=ELSEWHERE)
    await first.acquire()
    await first.release()
    assert (await row(store)).expires_at == clock.now()
    assert await second.acquire()


async def test_it_is_waited_for_as_long_as_another_process_leads(store: Database, clock: MovingClock) -> None:
    await Lease(store, clock, holder=HERE).acquire()
    second = Lease(store, clock, holder=ELSEWHERE)
    with capture_logs() as logged:
        await second.wait()
    assert second.holds()
    assert clock.slept == [TRY_EVERY] * 15
    assert [each["event"] for each in logged] == ["waiting: another process works on this store"]


async def test_a_free_one_is_not_waited_for(store: Database, clock: MovingClock) -> None:
    await Lease(store, clock, holder=HERE).wait()
    assert clock.slept == []


async def test_a_store_that_cannot_be_written_now_is_waited_for(store: Database, clock: MovingClock) -> None:
    """Somebody has the store locked, and stands still."""
    await Lease(store, clock, holder=HERE).acquire()
    await clock.sleep(14)
    second = Lease(store, clock, holder=ELSEWHERE)
    failed = False

    async def locked(seconds: float) -> None:
        """The table is away at the first try after this, and back at the second."""
        nonlocal failed
        clock.passed += seconds
        names = ("lease", "away") if not failed else ("away", "lease")
        async with store.write() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(f"ALTER TABLE {names[0]} RENAME TO {names[1]}")
        failed = True

    clock.sleep = locked  # type: ignore[method-assign]
    await second.wait()
    assert second.holds()
    assert clock.passed == 16


async def test_of_two_that_take_a_new_store_at_once_one_leads(tmp_path: Path, clock: MovingClock) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    async with Database(url) as one, Database(url) as other:
        leases = [Lease(one, clock, holder=HERE), Lease(other, clock, holder=ELSEWHERE)]
        assert sorted(await asyncio.gather(*(each.acquire() for each in leases))) == [False, True]


async def test_whoever_was_forestalled_does_not_lead(store: Database, clock: MovingClock) -> None:
    """Another process writes the very first row between our look and our write, as can be on PostgreSQL."""
    async with store.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "CREATE TRIGGER forestalled BEFORE INSERT ON lease WHEN new.holder != 'x:1:1'"
            " BEGIN INSERT INTO lease VALUES (new.name, 'x:1:1', 1, new.expires_at); END"
        )
    lease = Lease(store, clock, holder=HERE)
    assert not await lease.acquire()
    assert not lease.holds()


async def test_one_whose_process_is_gone_from_this_machine_is_replaced_at_once(
    store: Database, clock: MovingClock
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        holder = f"{HOST}:{process.pid}:{started(process.pid)}"
        await Lease(store, clock, holder=holder).acquire()
        second = Lease(store, clock, holder=ELSEWHERE)
        assert await leader(store, clock) == f"process {process.pid} on {HOST}"
        assert not await second.acquire()
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie from now on
        assert await leader(store, clock) is None
        assert await second.acquire()
    await clock.sleep(15)
    await Lease(store, clock, holder=holder).acquire()
    assert await leader(store, clock) is None
    assert await second.acquire()


def started(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]


async def test_a_number_that_another_process_has_by_now_is_not_taken_for_the_holder(
    store: Database, clock: MovingClock
) -> None:
    await Lease(store, clock, holder=f"{HOST}:{os.getpid()}:1").acquire()
    assert await leader(store, clock) is None
    mine = Lease(store, clock)
    assert await mine.acquire()
    assert mine.holder == f"{HOST}:{os.getpid()}:{started(os.getpid())}"
    assert await leader(store, clock) == f"process {os.getpid()} on {HOST}"


async def test_a_process_may_have_any_name(store: Database, clock: MovingClock, tmp_path: Path) -> None:
    """Its start comes after its name in the kernel's line, which may look like more of that line."""
    program = tmp_path / "a) Z 1 (b"
    program.symlink_to("/bin/cat")
    with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
        await Lease(store, clock, holder=f"{HOST}:{process.pid}:{started(process.pid)}").acquire()
        assert not await Lease(store, clock, holder=ELSEWHERE).acquire()


async def test_the_same_number_on_another_machine_is_another_process(
    store: Database, clock: MovingClock
) -> None:
    await Lease(store, clock, holder=f"far-away:{os.getpid()}:1").acquire()
    assert not await Lease(store, clock, holder=HERE).acquire()
    assert await leader(store, clock) == f"process {os.getpid()} on far-away"


async def test_nobody_leads_before_the_first_and_after_the_last(store: Database, clock: MovingClock) -> None:
    assert await leader(store, clock) is None
    await Lease(store, clock, holder="a:b:7:8").acquire()
    assert await leader(store, clock) == "process 7 on a:b"
    await clock.sleep(DURATION.total_seconds() - 0.1)
    assert await leader(store, clock) is not None
    await clock.sleep(0.1)
    assert await leader(store, clock) is None


async def test_a_store_that_was_never_used_tells_of_nobody(tmp_path: Path, clock: MovingClock) -> None:
    async with Database(f"sqlite:///{tmp_path}/none.db", as_it_is=True) as store:
        assert await leader(store, clock) is None
