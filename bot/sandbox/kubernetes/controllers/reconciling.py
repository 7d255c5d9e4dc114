"""The loop that all controllers share: a queue of objects to look at, fed by the storage's changes and by time.

A controller is level-triggered: it is told which object to look at, compares what is with what should be,
does one step without waiting, and says in how many seconds it wants to look again. So one task serves all
of them, and a reconcile that fails is tried again later without harm to the others.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.storage import Change, Key

log = structlog.get_logger(__name__)

RETRY = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds before a failed reconcile is tried again: by number of failures in a row."""


class Controller(Protocol):
    """What brings objects of one kind to what they should be."""

    def concerns(self, change: Change) -> Iterable[Key]:
        """The objects to look at because of a change; called for every change, so it must be cheap."""

    def reconcile(self, key: Key) -> float | None:
        """Look at one object, which may be gone; answers in how many seconds to look again, if at all."""


_Item = tuple[Controller, Key]


class ReconcileLoop:
    """Feeds the controllers until it is cancelled."""

    def __init__(self, cluster: Cluster, controllers: Sequence[Controller], clock: Clock) -> None:
        self._cluster = cluster
        self._controllers = controllers
        self._clock = clock
        self._queue: dict[_Item, None] = {}
        self._due: dict[_Item, float] = {}
        self._heap: list[tuple[float, int, _Item]] = []
        self._order = itertools.count()
        self._failures: dict[_Item, int] = {}
        self._wake = asyncio.Event()
        self._resting = asyncio.Event()

    def prime(self) -> None:
        """Look at everything that exists, as a controller does when it starts."""
        for key in tuple(self._cluster.storage.keys()):
            obj = self._cluster.get(key)
            if obj is not None:
                self.feed(Change("ADDED", key, obj, int(obj["metadata"]["resourceVersion"])))

    def feed(self, change: Change) -> None:
        """Queue what a change concerns."""
        self._cluster.note(change)
        for controller in self._controllers:
            for key in self._concerns(controller, change):
                self._queue[controller, key] = None
        if self._queue:
            self._resting.clear()
            self._wake.set()

    def _concerns(self, controller: Controller, change: Change) -> Iterable[Key]:
        """What the controller wants to look at; an object that it can't read concerns it not."""
        try:
            return list(controller.concerns(change))
        except Exception:
            key = change.key
            log.exception(
                "change not understood",
                controller=type(controller).__name__,
                resource=key.resource,
                namespace=key.namespace,
                name=key.name,
            )
            return []

    async def rested(self) -> None:
        """Return once nothing is queued: what is left to do waits for time or for a change."""
        await self._resting.wait()

    async def run(self) -> None:
        """Reconcile what is queued, then wait for a change or for the next due time, for ever."""
        while True:
            self._resting.clear()
            self._queue_due()
            while self._queue:
                item = next(iter(self._queue))
                del self._queue[item]
                self._reconcile(item)
                await asyncio.sleep(0)  # the API server answers between two reconciles
                self._queue_due()
            await self._rest()

    def _queue_due(self) -> None:
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, _, item = heapq.heappop(self._heap)
            if self._due.get(item) == due:
                del self._due[item]
                self._queue[item] = None

    def _reconcile(self, item: _Item) -> None:
        controller, key = item
        try:
            again = controller.reconcile(key)
        except Exception:
            failures = self._failures[item] = self._failures.get(item, 0) + 1
            again = RETRY[min(failures, len(RETRY)) - 1]
            log.exception(
                "reconcile failed",
                controller=type(controller).__name__,
                namespace=key.namespace,
                name=key.name,
                failures=failures,
            )
        else:
            self._failures.pop(item, None)
        self._due.pop(item, None)
        if again is not None:
            due = self._due[item] = self._clock.monotonic() + max(0.0, again)
            heapq.heappush(self._heap, (due, next(self._order), item))

    async def _rest(self) -> None:
        """Wait until something is queued or due."""
        self._wake.clear()
        self._resting.set()
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)  # superseded
        if not self._heap:
            await self._wake.wait()
            return
        waits = {
            asyncio.ensure_future(self._wake.wait()),
            asyncio.ensure_future(self._clock.sleep(self._heap[0][0] - self._clock.monotonic())),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


@asynccontextmanager
async def following(loop: ReconcileLoop, cluster: Cluster) -> AsyncIterator[None]:
    """The loop at work on all that is stored and on what becomes of it, until the end of the block."""
    with cluster.storage.changes() as changes:
        cluster.fill()
        loop.prime()
        tasks = (asyncio.create_task(loop.run()), asyncio.create_task(_feed(loop, changes)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(loop: ReconcileLoop, changes: AsyncIterator[Change]) -> None:
    async for change in changes:
        loop.feed(change)
