"""The inbox: every update is stored before Telegram may forget it, and handled at least once.

Serial for one person in one chat, parallel across, within a bound. An update that is not done when the process
dies is handled again; one that fails every time is closed and logged. Where updates come from (polling or a
webhook) is not its business.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Self

import structlog
from prometheus_client import Counter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.store.database import Database
from bot.store.inserting import insert
from bot.store.tables import UpdateRow
from bot.telegram.incoming import (
    Chat,
    ChatMoved,
    Incoming,
    Membership,
    NoUpdate,
    Press,
    Sender,
    TextMessage,
    lane,
    parse,
    storable,
)
from bot.telegram.tidying import tidy

__all__ = [
    "Chat",
    "ChatMoved",
    "Inbox",
    "InboxFull",
    "Incoming",
    "Membership",
    "Press",
    "Sender",
    "TextMessage",
]

STORED = Counter("pilothouse_updates", "Updates of Telegram that were stored.")

log = structlog.get_logger(__name__)

ATTEMPTS = 3
"""How often an update is begun before it is given up."""
LONGEST_PAUSE = 15.0
TIDY_EVERY = timedelta(hours=1)
CLOSING = 5.0
"""Seconds that handlers under way are given when the inbox closes."""

Handle = Callable[[Incoming], Awaitable[None]]
Payload = dict[str, Any]


class InboxFull(Exception):
    """More waits than is taken on at once; Telegram keeps it and offers it again."""


class Inbox:
    """Stores and hands out updates; `async with` owns the tasks that handle them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handle: Handle,
        *,
        give_up: Handle | None = None,
        parallel: int = 32,
        capacity: int = 2000,
    ) -> None:
        """`give_up` tells people of what was begun `ATTEMPTS` times and never done, and does nothing of it.

        `parallel` lanes are handled at once, `capacity` updates wait in memory at most.
        """
        self._database = database
        self._clock = clock
        self._handle = handle
        self._give_up = give_up
        self._turns = asyncio.Semaphore(parallel)
        self._capacity = capacity
        self._lanes: dict[str, deque[tuple[Payload, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._pending = 0
        self._handled: set[int] = set()
        """What is to be marked done."""
        self._marking = asyncio.Lock()
        self._tidying: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Take up what an earlier run left undone."""
        async with self._database.write() as session:
            rows = list(
                await session.scalars(
                    select(UpdateRow).where(UpdateRow.done_at.is_(None)).order_by(UpdateRow.update_id)
                )
            )
            for row in rows:
                row.attempts += 1
        for row in rows:
            self._queue(row.lane, row.payload, row.attempts)
        self._tidying = asyncio.create_task(self._tidy(), name="inbox tidying")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def accept(self, updates: Sequence[Payload]) -> None:
        """Store updates and hand them out; once this returns they may be confirmed. Known ones are ignored.

        Raises: InboxFull when so many wait that Telegram should keep these for now.
        """
        if not updates:
            return
        if self._pending >= self._capacity:
            raise InboxFull
        updates = [storable(each) for each in updates]
        async with self._database.write() as session:
            new = await self._store(session, updates)
        STORED.inc(len(new))
        for each in sorted(updates, key=lambda update: int(update["update_id"])):
            if int(each["update_id"]) in new:
                new.discard(int(each["update_id"]))
                self._queue(lane(each), each, 0)

    async def room(self) -> None:
        """Return once `accept` would take more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._pending < self._capacity)

    async def idle(self) -> None:
        """Return once nothing waits and nothing is being handled."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._pending == 0)

    async def _store(self, session: AsyncSession, updates: Sequence[Payload]) -> set[int]:
        now = self._clock.now()
        rows = [
            {
                "update_id": int(each["update_id"]),
                "lane": lane(each),
                "payload": each,
                "received_at": now,
                "attempts": 0,
            }
            for each in updates
        ]
        # The rows beside the statement, not in it: so it is compiled once, however many there are.
        table = UpdateRow.__table__
        statement = insert(session, table).on_conflict_do_nothing().returning(table.c.update_id)
        return set(await session.scalars(statement, rows))

    def _queue(self, name: str, payload: Payload, attempts: int) -> None:
        self._pending += 1
        waiting = self._lanes.get(name)
        if waiting is not None:
            waiting.append((payload, attempts))
            return
        self._lanes[name] = deque([(payload, attempts)])
        task = asyncio.create_task(self._work(name), name=f"lane {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, name: str) -> None:
        waiting = self._lanes[name]
        try:
            while waiting:
                payload, attempts = waiting.popleft()
                async with self._turns:
                    await self._see_to(payload, attempts)
                async with self._changed:
                    self._pending -= 1
                    self._changed.notify_all()
        finally:
            del self._lanes[name]

    async def _see_to(self, payload: Payload, attempts: int) -> None:
        """Handle one update until it is done or given up; what goes wrong is logged, never raised."""
        update_id = int(payload["update_id"])
        while True:
            if attempts >= ATTEMPTS:
                log.error("an update was given up after several attempts", update=update_id)
                await self._tell_given_up(payload)
                break
            try:
                incoming = parse(payload)
                if incoming is not None:
                    await self._handle(incoming)
                break
            except NoUpdate as error:
                log.warning("an update is none that Telegram documents", update=update_id, because=str(error))
                break
            except Exception:
                attempts += 1
                log.exception("an update was not handled", update=update_id, attempt=attempts)
                await self._clock.sleep(attempts if attempts < ATTEMPTS else 0)
        await self._mark_done(update_id)

    async def _tell_given_up(self, payload: Payload) -> None:
        try:
            incoming = parse(payload)
            if incoming is not None and self._give_up is not None:
                await self._give_up(incoming)
        except Exception:
            log.exception("nobody could be told of that")

    async def _mark_done(self, update_id: int) -> None:
        """Mark it done, in one transaction with all that were handled while an earlier one was committed.

        Tried until the store takes it: a command that is not marked is done again by the next start, days later.
        """
        self._handled.add(update_id)
        async with self._marking:
            pause = 1.0
            while update_id in self._handled:  # else whoever had the lock before has marked it too
                together = frozenset(self._handled)
                try:
                    async with self._database.write() as session:
                        await self._mark(session, together)
                    self._handled -= together
                except Exception:
                    log.exception("updates could not be marked done: trying again", updates=sorted(together))
                    await self._clock.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)

    async def _mark(self, session: AsyncSession, update_ids: Collection[int]) -> None:
        await session.execute(
            update(UpdateRow)
            .where(UpdateRow.update_id.in_(update_ids), UpdateRow.done_at.is_(None))
            .values(done_at=self._clock.now())
            .execution_options(synchronize_session=False)
        )

    async def _tidy(self) -> None:
        while True:
            try:
                async with self._database.write() as session:
                    await tidy(session, self._clock.now())
            except Exception:
                log.exception("old rows could not be removed")
            await self._clock.sleep(TIDY_EVERY.total_seconds())
