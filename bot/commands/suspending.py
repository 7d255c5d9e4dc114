"""Suspensions: begun from the chat, and ended by the configuration alone.

A phone that was lost may be an admin's: what any admin could take back, whoever found it could. So a suspension
ends when a configuration is put into force that says something else of the person, and then for good.
"""

from collections.abc import Awaitable, Callable, Iterable

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.config import Config
from bot.operations.operation import Author
from bot.permissions import Person, Suspension, fingerprint
from bot.store import audit, suspensions
from bot.store.database import Database
from bot.store.fitting import storable
from bot.store.tables import SuspensionRow

ENDED = "the configuration says something else of them"

log = structlog.get_logger(__name__)


class Suspensions:
    """Keeps who is suspended, stored and in force."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Callable[[], Config],
        apply: Callable[[Iterable[Suspension]], None],
    ) -> None:
        """`apply` puts those in force that it is given."""
        self._database = database
        self._clock = clock
        self._config = config
        self._apply = apply

    async def begin(
        self, person: Person, reason: str, by: Author, beside: Callable[[AsyncSession], Awaitable[None]]
    ) -> bool:
        """Suspend somebody, and do `beside` in the same transaction; False when they were suspended already."""
        async with self._database.write() as session:
            if await suspensions.of(session, person.id) is not None:
                return False
            row = SuspensionRow(
                person_id=person.id,
                name=storable(person.name),
                reason=storable(reason),
                by_id=by.id,
                by_name=by.name,
                at=self._clock.now(),
                fingerprint=fingerprint(self._config(), person.id),
            )
            session.add(row)
            await audit.record(session, self._entry(row, by, "done"))
            await beside(session)
            self._apply(map(_suspension, await suspensions.in_force(session)))
        return True

    async def settle(self) -> list[str]:
        """Put into force what is stored, but for what the configuration has ended; the names of whom it ended."""
        ended: list[str] = []
        async with self._database.write() as session:
            rows = await suspensions.in_force(session)
            for row in rows:
                if row.fingerprint != fingerprint(self._config(), row.person_id):
                    row.ended_at = self._clock.now()
                    await audit.record(session, self._entry(row, Author(0, "the configuration"), "ended"))
                    log.warning("a suspension ended", person=row.name, why=ENDED)
                    ended.append(row.name)
        self._apply(_suspension(row) for row in rows if row.ended_at is None)
        return ended

    def _entry(self, row: SuspensionRow, by: Author, outcome: str) -> audit.Entry:
        return audit.Entry(
            at=self._clock.now(),
            actor_id=by.id,
            actor=by.name,
            action="person.suspend",
            outcome=outcome,
            detail=f"{row.name} ({row.person_id}): {row.reason}",
        )


def _suspension(row: SuspensionRow) -> Suspension:
    return Suspension(row.person_id, row.name, row.reason, row.by_name, row.at, row.fingerprint)
