"""Who leads: one process claims operations, and a newer leader's epoch fences off the one before it.

Only the leader runs operations. A leader that was killed on this machine is replaced at once, since its
process can be seen to be gone; one on another machine is replaced when its lease ran out.
"""

import os
import socket
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.operations.errors import LeaseLost
from bot.store.database import Database
from bot.store.tables import LeaseRow

NAME = "operations"
DURATION = timedelta(seconds=15)
RENEW_EVERY = 4.0
"""Seconds: three renewals may fail before another process takes over."""
TRY_EVERY = 1.0
"""Seconds between tries to take over."""

log = structlog.get_logger(__name__)


_EPOCH = select(LeaseRow.epoch).where(LeaseRow.name == NAME).with_for_update()
"""Built once: it is asked in each transaction that journals a step."""


class Lease:
    """This process's claim to lead."""

    def __init__(self, database: Database, clock: Clock, *, holder: str | None = None) -> None:
        self._database = database
        self._clock = clock
        self.holder = holder or _this_process()
        self.epoch = 0
        self._until = 0.0

    def holds(self) -> bool:
        """Whether nobody else can lead: no more when the lease may have run out, as after a stand-still.

        Told by the monotonic clock, which goes on while a process is frozen, so that one that wakes up does
        nothing on the outside before it has found out.
        """
        return self._clock.monotonic() < self._until

    async def wait(self) -> None:
        """Return once we have the lease.

        A store that can't be written now is waited for: its disk may be full, or who has it locked may stand still.
        """
        waits = False
        while True:
            try:
                if await self.acquire():
                    return
                if not waits:
                    log.info("waiting: another process works on this store")
                waits = True
            except DBAPIError as error:
                log.warning("waiting: the store can't be written", error=str(error.orig))
            await self._clock.sleep(TRY_EVERY)

    async def acquire(self) -> bool:
        """Take the lease if it is free, run out, or held by a process that is gone. True when we have it."""
        try:
            return await self._acquire()
        except IntegrityError:  # the very first lease of a store, which another process took at the same time
            return False

    async def _acquire(self) -> bool:
        began, now = self._clock.monotonic(), self._clock.now()
        async with self._database.write() as session:
            row = await session.get(LeaseRow, NAME, with_for_update=True)
            if row is None:
                row = LeaseRow(name=NAME, epoch=0)
                session.add(row)
            elif row.holder != self.holder and row.expires_at > now and not _is_gone(row.holder):
                return False
            row.holder, row.epoch, row.expires_at = self.holder, row.epoch + 1, now + DURATION
            self.epoch = row.epoch
        self._until = began + DURATION.total_seconds()
        return True

    async def renew(self) -> None:
        """Keep the lease for another while.

        Raises: LeaseLost.
        """
        began = self._clock.monotonic()
        async with self._database.write() as session:
            await self.check(session)
            await session.execute(
                update(LeaseRow).where(LeaseRow.name == NAME).values(expires_at=self._clock.now() + DURATION)
            )
        self._until = began + DURATION.total_seconds()

    async def release(self) -> None:
        """Give the lease up, so that the next process need not wait."""
        ours = update(LeaseRow).where(LeaseRow.name == NAME, LeaseRow.epoch == self.epoch)
        async with self._database.write() as session:
            await session.execute(ours.values(expires_at=self._clock.now()))

    async def check(self, session: AsyncSession) -> None:
        """Read the lease in the caller's transaction: what it writes is written only by the leader.

        Raises: LeaseLost.
        """
        if await session.scalar(_EPOCH) != self.epoch:
            raise LeaseLost("another process has taken over this store's operations")


async def leader(database: Database, clock: Clock) -> str | None:
    """Who leads now, as `process 4711 on host`; None when nobody does, or the store has never been used."""
    try:
        async with database.read() as session:
            row = await session.get(LeaseRow, NAME)
    except (DBAPIError, OSError) as error:
        log.info("the store tells nothing of a running bot", error=str(getattr(error, "orig", error)))
        return None
    if row is None or row.expires_at <= clock.now() or _is_gone(row.holder):
        return None
    host, process, _ = row.holder.rsplit(":", 2)
    return f"process {process} on {host}"


def _this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that does not run any more."""
    host, pid, started = holder.rsplit(":", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When the process started, in the kernel's ticks; "" when it is gone or dead (proc(5), state and field 22)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
