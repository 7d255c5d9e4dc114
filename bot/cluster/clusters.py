"""All clusters that the configuration names, each connected when it is first needed and closed with the bot."""

import asyncio
from contextlib import AsyncExitStack
from typing import Self

from bot.access import ClusterAccess
from bot.clock import Clock
from bot.cluster.cluster import Cluster


class Clusters:
    """Connections by how a cluster is reached; an async context manager that owns them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[ClusterAccess, Cluster] = {}
        self._uids: dict[ClusterAccess, str] = {}
        self._opening = asyncio.Lock()
        self._owned = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._owned.aclose()

    async def at(self, access: ClusterAccess) -> Cluster:
        """The cluster, in the bot's own name; `as_` asks it in a person's.

        Raises: KubeconfigUnusable, KubeconfigUnsafe.
        """
        async with self._opening:
            if access not in self._open:
                self._open[access] = await self._owned.enter_async_context(Cluster(access, clock=self._clock))
            return self._open[access]

    async def uid(self, access: ClusterAccess) -> str:
        """What the cluster is known by, asked once and in the bot's own name, whoever plans: few people may read it.

        Raises: ClusterRefused where the bot may not read it either, and what `at` raises.
        """
        if access not in self._uids:
            self._uids[access] = await (await self.at(access)).uid()
        return self._uids[access]
