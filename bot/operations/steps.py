"""Steps: what an operation has done, journaled by name, so that a replay after a crash returns what was returned.

A step's result is typed: whatever its function's return annotation says is serialised by pydantic. An error of
the domain (`StepFailed`) is journaled and raised again; trouble with the infrastructure makes the step run again.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, Protocol, TypeVar, cast, get_type_hints

import structlog
from pydantic import TypeAdapter
from sqlalchemy import Table, insert, select
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.clock import Clock
from bot.events import Event, Note, StepEnded, StepStarted
from bot.operations.errors import OperationError, StepFailed
from bot.operations.lease import Lease
from bot.store.database import Database
from bot.store.tables import StepRow

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 600.0
"""Seconds that a step is tried again while the other side can't be reached: a control plane's upgrade takes minutes."""

LONGEST_PAUSE = 15.0

log = structlog.get_logger(__name__)


class Perform(Protocol):
    """Does what one step does, e.g. only as long as something holds."""

    async def __call__(self, act: Callable[[], Awaitable[T]]) -> T:
        """The result of `act`, or why it was not done, or not done to its end."""


# A table's, not a class's: nobody reads it back in this transaction.
_STEP = insert(cast(Table, StepRow.__table__))


class Journal:
    """The finished steps of one operation. Every write checks that this process still leads."""

    def __init__(self, database: Database, lease: Lease, clock: Clock, operation_id: str) -> None:
        self._database = database
        self._lease = lease
        self._clock = clock
        self._id = operation_id

    async def read(self) -> dict[str, StepRow]:
        """All finished steps by name."""
        async with self._database.read() as session:
            rows = await session.scalars(select(StepRow).where(StepRow.operation_id == self._id))
            return {row.name: row for row in rows}

    async def write(self, name: str, state: str, result: dict[str, Any]) -> None:
        """Record that a step ended.

        Raises: LeaseLost.
        """
        async with self._database.write() as session:
            await self._lease.check(session)
            row = {"operation_id": self._id, "name": name, "state": state, "result": result}
            await session.execute(_STEP, row | {"at": self._clock.now()})


class Steps:
    """Runs the steps of one run of an operation: `await do("preflight", self.preflight)`."""

    def __init__(
        self,
        journal: Journal,
        finished: Mapping[str, StepRow],
        tell: Callable[[Event], None],
        clock: Clock,
        transient: Callable[[Exception], bool],
        mask: Callable[[str], str],
        perform: Perform,
    ) -> None:
        """`mask` hides secrets in what a failure says, before it is journaled, told or raised."""
        self._journal = journal
        self._finished = finished
        self._tell = tell
        self._clock = clock
        self._transient = transient
        self._mask = mask
        self._perform = perform
        self._used: set[str] = set()

    async def __call__(
        self, name: str, act: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` once and return its result; on a replay return what it returned then.

        Raises: StepFailed (now or then), RuntimeError when a name is used twice in a run, LeaseLost.
        """
        if name in self._used:
            raise RuntimeError(f"the step {name!r} is used twice in one run")
        self._used.add(name)
        kind: TypeAdapter[T] = TypeAdapter(get_type_hints(act).get("return", Any))
        done = self._finished.get(name)
        if done is not None:
            return _replayed(done, kind)
        self._tell(StepStarted(name=name, title=name.replace("-", " ").capitalize(), at=self._clock.now()))
        try:
            result = await self._persist(name, act, *args, **kwargs)
        except StepFailed as error:
            failure = self._masked(error)
            saved = {"words": failure.words, "advice": failure.advice, "quote": failure.quote}
            await self._journal.write(name, "failed", saved)
            self._tell(StepEnded(name=name, at=self._clock.now(), ok=False, detail=failure.words))
            raise failure from error
        await self._journal.write(name, "done", {"value": kind.dump_python(result, mode="json")})
        ok = getattr(result, "succeeded", True)  # a step may end well and have found that something failed
        self._tell(StepEnded(name=name, at=self._clock.now(), ok=ok, detail=""))
        return result

    async def _persist(
        self, name: str, act: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Try until it works, fails for good, or patience ends."""
        give_up = self._clock.monotonic() + PATIENCE
        pause = 0.5
        while True:
            try:
                return await self._perform(lambda: act(*args, **kwargs))
            except (OperationError, OperationalError, InterfaceError):
                raise  # without its store an operation knows nothing: the engine runs it again when it can be written
            except Exception as error:
                if not self._transient(error):
                    if words := getattr(error, "words", ""):  # an adaptor's own sentence for people
                        raise StepFailed(words) from error
                    log.exception("step failed unexpectedly", step=name)
                    raise StepFailed(
                        "Something unexpected went wrong", advice="The bot's log has it", quote=str(error)
                    ) from error
                if self._clock.monotonic() + pause > give_up:
                    raise StepFailed(str(error), advice="Try again when it can be reached") from error
                log.warning("step will be tried again", step=name, error=str(error), pause=pause)
                self._tell(Note(text=f"{error}; trying again"))
                await self._clock.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, no secret
                pause = min(pause * 2, LONGEST_PAUSE)

    def _masked(self, failure: StepFailed) -> StepFailed:
        mask = self._mask
        return StepFailed(mask(failure.words), advice=mask(failure.advice), quote=mask(failure.quote))


def _replayed(row: StepRow, kind: TypeAdapter[T]) -> T:
    result = row.result or {}
    if row.state == "failed":
        raise StepFailed(result["words"], advice=result["advice"], quote=result["quote"])
    return kind.validate_python(result["value"])
