"""Whom locks and a standstill keep back: decided where a change is asked for, confirmed, handed in and begun.

What was begun goes on. Whoever waits their turn may be handed in, and has it once nothing keeps them back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.operations.errors import Held
from bot.store import holds
from bot.store.holds import Lock, Standstill
from bot.store.tables import OperationRow

WAITING = ("turn", "call")
"""Kinds of operations that change nothing by themselves: they wait until a change is possible."""


@dataclass(frozen=True)
class Holds:
    """Everything that keeps changes back at one moment."""

    locks: Sequence[Lock] = ()
    standstill: Standstill | None = None

    def lock_on(self, app: str, environment: str) -> Lock | None:
        """The lock that counts for an app there: its own before that of the whole environment.

        So somebody may take one app out of a lock on its environment, and the others stay locked.
        """
        here = [each for each in self.locks if each.environment == environment]
        return next((each for name in (app, "") for each in here if each.app == name), None)

    def against(self, person_id: int, app: str, environment: str) -> Lock | Standstill | None:
        """What keeps this person's change of an app back: the standstill everybody, a lock all but its holder."""
        if self.standstill is not None:
            return self.standstill
        lock = self.lock_on(app, environment)
        return lock if lock is not None and lock.holder_id != person_id else None

    def against_row(self, row: OperationRow) -> Lock | Standstill | None:
        """What keeps a stored operation from beginning."""
        return self.against(row.author_id, row.app or "", row.environment or "")


async def read(session: AsyncSession, clock: Clock) -> Holds:
    """What keeps changes back now."""
    return Holds(await holds.locks(session, clock.now()), await holds.standstill(session))


async def check(session: AsyncSession, clock: Clock, person_id: int, app: str, environment: str) -> None:
    """Go on only where nothing keeps this person's change back.

    Raises: Held.
    """
    found = (await read(session, clock)).against(person_id, app, environment)
    if found is not None:
        raise Held(found, in_words(found), app, environment)


def in_words(hold: Lock | Standstill) -> str:
    """A hold as one plain sentence."""
    if isinstance(hold, Standstill):
        return f"{hold.by} has stopped all operations: “{hold.reason}”"
    return f"{hold.holder} has locked {hold.place}: “{hold.reason}”"
