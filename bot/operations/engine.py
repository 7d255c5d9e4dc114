"""The engine: claims operations, runs them, and sees each to its end across restarts.

One process leads (bot.operations.lease). It runs one operation a subject at a time and a limited number in all;
an operation that was running when a process died is run again, its finished steps replayed. What an operation
does is its own matter (bot.operations.operation), who is told is the audience's.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Self

import structlog
from prometheus_client import Counter as Metric
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock
from bot.operations import holds
from bot.operations.audience import Audience
from bot.operations.errors import LeaseLost, StepFailed
from bot.operations.lease import RENEW_EVERY, Lease
from bot.operations.operation import Operation, Outcome, Record
from bot.operations.progress import Progress
from bot.operations.queues import Queues
from bot.operations.steps import Journal, Steps
from bot.operations.view import View
from bot.store import audit
from bot.store.database import Database
from bot.store.holds import Lock, Standstill
from bot.store.tables import OPEN, FrozenRow, OperationRow

LIMIT = 10
"""Operations that run at once: beyond about ten concurrent Helm writes to a cluster nothing is gained."""

POLL_EVERY = 2.0
"""Seconds between looks for work that no wake-up announced, such as rows another process wrote."""

FLUSH_EVERY = 0.5

MOST_LOSSES = 5
"""Runs in a row that may end by a fault of ours before the operation is given up."""

GIVEN_UP = Outcome(
    result="failed", words="The bot can't run this operation", advice="Its log says why; look at /status"
)

ENDED = Metric("pilothouse_operations", "Operations that ended.", ["kind", "result"])

log = structlog.get_logger(__name__)


class Engine:
    """Runs operations; open it with `async with`, submit rows through `bot.operations.desk`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audience: Audience,
        tools: Any,
        *,
        transient: Callable[[Exception], bool],
        on_lost: Callable[[], None],
        mask: Callable[[str], str],
        lease: Lease | None = None,
        most: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """`on_lost` is called once when another process took over: the caller must stop this process.

        `mask` hides secrets in whatever is stored of an operation and shown of it. `most` is how many operations of
        a queue may run at once.
        """
        self._database = database
        self._clock = clock
        self._audience = audience
        self._tools = tools
        self._transient = transient
        self._on_lost = on_lost
        self._mask = mask
        self._lease = lease or Lease(database, clock)
        self._wake = asyncio.Event()
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, Progress] = {}
        self._losses: Counter[str] = Counter()
        self._most = most
        self._behind: dict[str, int] = {}
        self._work: dict[str, asyncio.Task[Outcome]] = {}
        self._leading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._leading = asyncio.create_task(self._lead(), name="operations engine")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once; what was running goes on from its last finished step when a process starts again."""
        tasks = [task for task in (self._leading, *self._runs.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._lease.epoch:
            with contextlib.suppress(Exception):
                await self._lease.release()

    def wake(self) -> None:
        """Look for work now: a row was written."""
        self._wake.set()

    def stop_now(self, operation_id: str, by: str, *, leaves: bool = False) -> None:
        """Interrupt the run of an operation that is stored as `cancelling`; its clean-up follows."""
        if operation_id in self._progress:
            self._progress[operation_id].cancelling(by, leaves=leaves)
        work = self._work.get(operation_id)
        if work is not None:
            work.cancel()
        self.wake()

    def let_wait(self, operation_id: str, by: str) -> bool:
        """Note that the person named `by` lets a held rollout wait; False when it is not held here any more."""
        progress = self._progress.get(operation_id)
        if progress is None or progress.view.held is None:
            return False
        progress.waiting(by)
        return True

    async def _lead(self) -> None:
        try:
            await self._lease.wait()
            log.info("leading", epoch=self._lease.epoch)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_lease())
                group.create_task(self._claim_forever())
        except asyncio.CancelledError:
            raise
        except BaseException:
            log.exception("the operations engine stopped")
            self._on_lost()

    async def _keep_lease(self) -> None:
        while True:
            await self._clock.sleep(RENEW_EVERY)
            async with self._while_leading("the lease could not be renewed"):
                await self._lease.renew()

    @contextlib.asynccontextmanager
    async def _while_leading(self, trouble: str) -> AsyncIterator[None]:
        """Trouble with the database passes, e.g. when it is restarted, and ends us only when the lease runs out."""
        try:
            yield
        except LeaseLost:
            raise
        except Exception:
            if not self._lease.holds():
                raise
            log.exception(trouble)

    async def _claim_forever(self) -> None:
        while True:
            self._wake.clear()
            async with self._while_leading("work could not be looked for"):
                for operation_id in await self._claim():
                    self._start(operation_id)
            # not asyncio.wait_for: in Python 3.11 it can swallow a cancellation that meets the event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_EVERY):
                    await self._wake.wait()

    async def _claim(self) -> Sequence[str]:
        """Mark what may run now as running, oldest and most urgent first, one a subject."""
        # What is held only looks on: it must not keep others, such as the way back elsewhere, from running.
        held = sum(each.view.held is not None for each in self._progress.values())
        free = LIMIT - len(self._runs) + held
        if free <= 0:
            return ()
        async with self._database.write() as session:
            await self._lease.check(session)
            open_rows = list(
                await session.scalars(
                    select(OperationRow)
                    .where(OperationRow.state.in_(OPEN))
                    .order_by(OperationRow.priority.desc(), OperationRow.created_at, OperationRow.id)
                )
            )
            begun = [row for row in open_rows if row.state != "queued"]
            taken = {row.subject for row in begun}
            queues = Queues(self._most(), begun)
            claimed = [row for row in begun if row.id not in self._runs][:free]
            keeping = await holds.read(session, self._clock)
            for row in open_rows:
                hold = keeping.against_row(row)
                if hold is not None and row.kind in holds.WAITING:
                    continue
                if row.state != "queued" or row.subject in taken or not queues.admits(row):
                    continue
                if len(claimed) < free:
                    taken.add(row.subject)
                    row.state, row.started_at = "running", self._clock.now()
                    row.outcome = _held(hold) if hold is not None else None
                    claimed.append(row)
            for row in claimed:
                row.epoch = self._lease.epoch
            self._tell_who_waits(open_rows, queues.behind)
        return [row.id for row in claimed]

    def _tell_who_waits(self, rows: Sequence[OperationRow], behind: Mapping[str, int]) -> None:
        for row in rows:
            if behind.get(row.id, 0) != self._behind.get(row.id, 0):
                view = View.of(row).model_copy(update={"behind": behind.get(row.id, 0)})
                self._audience.changed(row.id, view)
        self._behind = dict(behind)

    def _start(self, operation_id: str) -> None:
        task = asyncio.create_task(self._see_through(operation_id), name=f"operation {operation_id}")
        self._runs[operation_id] = task
        task.add_done_callback(lambda _: self._ended(operation_id))

    def _ended(self, operation_id: str) -> None:
        self._runs.pop(operation_id, None)
        self._progress.pop(operation_id, None)
        self.wake()

    async def _see_through(self, operation_id: str) -> None:
        """Run one operation to its end and record it; whatever else happens, the next start runs it again."""
        with structlog.contextvars.bound_contextvars(operation=operation_id):
            try:
                async with await self._follow(operation_id) as progress:
                    self._progress[operation_id] = progress
                    if self._losses[operation_id] < MOST_LOSSES:
                        outcome = await self._run(operation_id, progress)
                    else:
                        outcome = GIVEN_UP
                await self._finish(operation_id, progress, outcome)
            except asyncio.CancelledError:
                raise
            except LeaseLost:
                log.warning("another process has taken over; this run records nothing more")
            except Exception as error:
                log.exception("the operation's run was lost; it will be run again")
                if not (self._transient(error) or isinstance(error, SQLAlchemyError)):
                    self._losses[operation_id] += 1
                await self._clock.sleep(POLL_EVERY)

    async def _follow(self, operation_id: str) -> Progress:
        async with self._database.read() as session:
            row = await session.get_one(OperationRow, operation_id)
        return Progress(
            self._database, self._audience, self._clock, row, flush_every=FLUSH_EVERY, mask=self._mask
        )

    async def _run(self, operation_id: str, progress: Progress) -> Outcome:
        """Run, or clean up when it is being cancelled; a cancel in the middle turns the first into the second."""
        while True:
            async with self._database.read() as session:
                row = await session.get_one(OperationRow, operation_id)
            if row.outcome is not None:  # it met a lock: its end was decided before it began
                return Outcome.model_validate(row.outcome)
            record = Record.of(row)
            if record.cancelling and not record.started:
                return Outcome(result="cancelled")
            operation = Operation.kinds[record.kind](record, self._tools, progress.tell)
            journal = Journal(self._database, self._lease, self._clock, operation_id)
            finished = await journal.read()
            steps = Steps(
                journal,
                finished,
                progress.tell,
                self._clock,
                self._transient,
                self._mask,
                perform=operation.perform,
            )
            act = operation.cancelled if record.cancelling else operation.run
            work = asyncio.create_task(_or_failed(act(steps), self._mask))
            self._work[operation_id] = work
            try:
                if not record.cancelling and await self._is_cancelling(operation_id):
                    work.cancel()  # the cancel came between reading the record and now
                await asyncio.wait([work])
                if not work.cancelled():
                    return work.result()
                if record.cancelling:
                    raise RuntimeError("the clean-up of a cancelled operation was cancelled")
            finally:
                self._work.pop(operation_id, None)
                if not work.done():
                    work.cancel()
                    await asyncio.wait([work])

    async def _is_cancelling(self, operation_id: str) -> bool:
        async with self._database.read() as session:
            return (await session.get_one(OperationRow, operation_id)).state == "cancelling"

    async def _finish(self, operation_id: str, progress: Progress, outcome: Outcome) -> None:
        """The end, whole or not at all: outcome, final view, and what is told of it."""
        now = self._clock.now()
        async with self._database.write() as session:
            await self._lease.check(session)
            row = await session.get_one(OperationRow, operation_id)
            row.state, row.ended_at = "ended", now
            row.outcome = outcome.model_dump(mode="json")
            view = progress.ended(outcome, now)
            row.view, row.view_number = view.model_dump(mode="json"), view.number
            await session.execute(delete(FrozenRow).where(FrozenRow.operation_id == operation_id))
            await audit.record(session, _ended(row, outcome))
            await self._audience.ended(session, row, view)
        self._losses.pop(operation_id, None)
        self._audience.told()
        ENDED.labels(row.kind, outcome.result).inc()
        log.info("operation ended", result=outcome.result)


async def _or_failed(act: Any, mask: Callable[[str], str]) -> Outcome:
    try:
        result: Outcome = await act
    except StepFailed as failure:
        words, advice, quote = mask(failure.words), mask(failure.advice), mask(failure.quote)
        return Outcome(result="failed", words=words, advice=advice, quote=quote)
    return result


def _held(hold: Lock | Standstill) -> dict[str, Any]:
    """The end of what was confirmed and then kept back: what was planned then may not be true afterwards."""
    return Outcome(result="held", words=holds.in_words(hold)).model_dump(mode="json")


def _ended(row: OperationRow, outcome: Outcome) -> audit.Entry:
    """For the trail, beside the row that says who started it."""
    assert row.ended_at is not None
    return audit.Entry(
        at=row.ended_at,
        actor_id=row.author_id,
        actor=row.author_name,
        action=row.kind,
        outcome="ended",
        app=row.app,
        environment=row.environment,
        chat_id=row.chat_id,
        detail=f"{row.version or ''} operation {row.id} {outcome.result}: {outcome.words}".strip(" :")[:1000],
    )
