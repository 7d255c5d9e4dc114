"""Keeps a mirror as the API server is: each kind is listed once and watched from there on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog

from bot.clock import Clock
from bot.sandbox.kubernetes.controllers.kinds import (
    CLAIM,
    CONFIG_MAP,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    STORAGE_CLASS,
    VOLUME,
    Kind,
)
from bot.sandbox.kubernetes.storage import Object
from bot.sandbox.nodes.api import Api, Gone, Refused
from bot.sandbox.nodes.mirror import Mirror, slim

log = structlog.get_logger(__name__)

PAUSES: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the server is asked again after it failed, by failures in a row."""


@dataclass(frozen=True)
class Mirrored:
    """A kind that is mirrored, and which of its objects, as a field selector."""

    kind: Kind
    selector: str = ""


MIRRORED: Final = (
    Mirrored(NAMESPACE),
    Mirrored(NODE),
    Mirrored(SECRET, "type!=helm.sh/release.v1"),
    Mirrored(CONFIG_MAP),
    Mirrored(STORAGE_CLASS),
    Mirrored(VOLUME),
    Mirrored(CLAIM),
    Mirrored(POD, "spec.nodeName!="),
)


class Mirroring:
    """Mirrors one kind."""

    def __init__(self, api: Api, mirror: Mirror, mirrored: Mirrored, clock: Clock) -> None:
        self._api = api
        self._mirror = mirror
        self._kind = mirrored.kind
        self._selector = mirrored.selector
        self._clock = clock
        self._since = ""

    async def list(self) -> None:
        """Take all that is there. Raises: Refused, aiohttp.ClientError, TimeoutError."""
        found, self._since = await self._api.list(self._kind, self._selector)
        here = {self._kind.key_of(obj): obj for obj in found}
        for stored in self._mirror.scan(self._kind.group, self._kind.resource):
            if (key := self._kind.key_of(stored)) not in here:
                self._mirror.lose(key)
        for key, obj in here.items():
            self._mirror.absorb(key, slim(self._kind, obj))

    async def follow(self) -> None:
        """Watch from there on, across breaks, for ever."""
        failures = 0
        while True:
            try:
                if not self._since:
                    await self.list()
                async for event in self._api.watch(self._kind, self._since, self._selector):
                    failures = 0
                    self._take(event)
                    self._since = event["object"]["metadata"]["resourceVersion"]
            except Gone:
                self._since = ""
            except (Refused, aiohttp.ClientError, OSError, ValueError) as error:
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                failures += 1
                log.info("watch broken", resource=self._kind.resource, error=str(error) or repr(error))
                await self._clock.sleep(pause)

    def _take(self, event: Object) -> None:
        if event["type"] == "BOOKMARK":
            return
        obj = event["object"]
        key = self._kind.key_of(obj)
        if event["type"] == "DELETED":
            self._mirror.lose(key)
        else:
            self._mirror.absorb(key, slim(self._kind, obj))


async def keep(mirrorings: Sequence[Mirroring]) -> None:
    """Follow all of them, for ever."""
    async with asyncio.TaskGroup() as group:
        for mirroring in mirrorings:
            group.create_task(mirroring.follow())
