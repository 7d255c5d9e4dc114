"""Writes to the API server what the controllers put into its mirror: pods' status and end, Events, disks.

Each object is written as it is when its turn comes, so that a burst of changes is one request; writes of one
object follow each other, those of different ones go side by side. What the server refuses for good is logged
and left, since the controllers look again whenever the object changes; what fails on the way is tried again.
"""

import asyncio
from typing import Any, Final

import aiohttp
import structlog

from bot.clock import Clock
from bot.sandbox.kubernetes.controllers.kinds import EVENT, POD, VOLUME, Kind
from bot.sandbox.kubernetes.storage import Key, Object
from bot.sandbox.nodes.api import Api, Gone, Refused
from bot.sandbox.nodes.mirror import Mirror, slim
from bot.sandbox.nodes.mirroring import PAUSES

log = structlog.get_logger(__name__)

WRITERS: Final = 16
"""Objects that are written at once, but for Events."""
TELLERS: Final = 4
"""Events that are written at once: fewer, as no one waits for them."""


class _Queue:
    """Keys that wait, each once."""

    def __init__(self) -> None:
        self._order: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: set[Key] = set()

    def add(self, key: Key) -> None:
        if key not in self._waiting:
            self._waiting.add(key)
            self._order.put_nowait(key)

    async def next(self) -> Key:
        key = await self._order.get()
        self._waiting.discard(key)
        return key


class Outbox:
    """What is to be written: a queue for each writer, so that one object's writes never overtake each other."""

    def __init__(self) -> None:
        self._objects = [_Queue() for _ in range(WRITERS)]
        self._events = [_Queue() for _ in range(TELLERS)]

    @property
    def queues(self) -> list[_Queue]:
        return [*self._objects, *self._events]

    def add(self, key: Key) -> None:
        """This object has changed."""
        queues = self._events if EVENT.has(key) else self._objects
        queues[hash(key) % len(queues)].add(key)


class Writing:
    """Writes what is in the outbox."""

    def __init__(self, api: Api, mirror: Mirror, outbox: Outbox, clock: Clock) -> None:
        self._api = api
        self._mirror = mirror
        self._outbox = outbox
        self._clock = clock
        self._told: set[Key] = set()
        self._unmoved: dict[Key, Object] = {}
        """By pod: a status that the server took for what it had."""

    async def work(self) -> None:
        """Write, for ever."""
        async with asyncio.TaskGroup() as group:
            for queue in self._outbox.queues:
                group.create_task(self._empty(queue))

    async def _empty(self, queue: _Queue) -> None:
        failures = 0
        while True:
            key = await queue.next()
            try:
                await self._write(key)
                failures = 0
            except (Refused, Gone) as error:
                if not _is_passing(error):
                    log.warning("write refused", resource=key.resource, name=key.name, error=str(error))
                    continue
                failures = await self._again(queue, key, failures, error)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                failures = await self._again(queue, key, failures, error)

    async def _again(self, queue: _Queue, key: Key, failures: int, error: Exception) -> int:
        log.info("write failed", resource=key.resource, name=key.name, error=str(error) or repr(error))
        queue.add(key)
        await self._clock.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
        return failures + 1

    async def _write(self, key: Key) -> None:
        if EVENT.has(key):
            await self._tell(key)
        elif key in self._mirror.ended:
            await self._end(POD if POD.has(key) else VOLUME, key)
        elif POD.has(key):
            await self._write_status(key)
        elif VOLUME.has(key):
            await self._create_disk(key)

    async def _end(self, kind: Kind, key: Key) -> None:
        self._unmoved.pop(key, None)
        truth = self._mirror.truth(key)
        if truth is None:
            return
        try:
            await self._api.delete(kind, key, uid=truth["metadata"]["uid"])
        except Refused as refused:
            if refused.code not in (404, 409):  # it is gone, or another one of that name is there
                raise

    async def _write_status(self, key: Key) -> None:
        pod, truth = self._mirror.peek(key), self._mirror.truth(key)
        if pod is None or truth is None:
            return
        status = _pruned(pod.get("status") or {})
        if status in (_pruned(truth.get("status") or {}), self._unmoved.get(key)):
            return
        version = truth["metadata"]["resourceVersion"]
        written = {**pod, "metadata": {**pod["metadata"], "resourceVersion": version}}
        try:
            answer = await self._api.replace_status(POD, key, written)
        except Refused as refused:
            if refused.code == 409:
                answer = await self._api.get(POD, key)
            elif refused.code == 404:
                return
            else:
                raise
        if answer["metadata"]["resourceVersion"] == version:
            self._unmoved[key] = status
        self._mirror.absorb(key, slim(POD, answer), known_only=True)

    async def _tell(self, key: Key) -> None:
        event = self._mirror.peek(key)
        if event is None:
            self._told.discard(key)
            return
        try:
            if key in self._told:
                count = {name: event[name] for name in ("count", "lastTimestamp")}
                await self._api.merge(EVENT, key, count)
            else:
                about = {**event["involvedObject"], "resourceVersion": ""}  # a mirror counts for itself
                await self._api.create(EVENT, {**_fresh(event), "involvedObject": about})
                self._told.add(key)
        except Refused as refused:
            if refused.code not in (403, 404, 409):  # its namespace ends, or the server forgot it
                raise

    async def _create_disk(self, key: Key) -> None:
        disk = self._mirror.peek(key)
        if disk is None or self._mirror.truth(key) is not None:
            return
        try:
            await self._api.create(VOLUME, _fresh(disk))
        except Refused as refused:
            if refused.code != 409:
                raise


def _is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    return isinstance(error, Refused) and (error.code == 429 or error.code >= 500)


def _fresh(obj: Object) -> Object:
    """The object as it is created: what the server gives it is the server's."""
    metadata = {k: v for k, v in obj["metadata"].items() if k not in ("uid", "resourceVersion")}
    return {**obj, "metadata": metadata}


def _pruned(value: Any) -> Any:
    """The value without what is empty: the server leaves some of that out, and fills some in."""
    if isinstance(value, dict):
        kept = {name: _pruned(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (None, "", {}, [])}
    return [_pruned(each) for each in value] if isinstance(value, list) else value
