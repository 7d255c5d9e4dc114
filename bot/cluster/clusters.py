"""All clusters that the configuration names, each connected when it is first needed and closed with the bot."""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import NamedTuple, Self

from bot.access import ClusterAccess
from bot.clock import Clock
from bot.cluster.cluster import Cluster

SEEN = 10.0
"""Seconds that an answered UID still counts: a plan and a page of releases ask for it many times."""


class _Opened(NamedTuple):
    """A connection, and the state of the kubeconfig that it was made from."""

    cluster: Cluster
    stamp: tuple[int, ...]


class Clusters:
    """Connections by how a cluster is reached; an async context manager that owns them.

    A kubeconfig that was replaced is read anew, as Helm reads it at each use: both must speak to the same cluster.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[ClusterAccess, _Opened] = {}
        self._before: dict[ClusterAccess, Cluster] = {}
        """The connection before the one that is open: a watch may still hold it."""
        self._uids: dict[ClusterAccess, tuple[float, str]] = {}
        self._asking: defaultdict[ClusterAccess, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as closing:
            for cluster in (*self._before.values(), *(each.cluster for each in self._open.values())):
                closing.push_async_exit(cluster)
        self._open.clear()
        self._before.clear()

    async def at(self, access: ClusterAccess) -> Cluster:
        """The cluster, in the bot's own name; `as_` asks it in a person's.

        Raises: KubeconfigUnusable, KubeconfigUnsafe.
        """
        stamp = await asyncio.to_thread(_stamp, access)
        async with self._opening:
            known = self._open.get(access)
            if known is not None and known.stamp == stamp:
                return known.cluster
            cluster = await Cluster(access, clock=self._clock).__aenter__()
            self._open[access] = _Opened(cluster, stamp)
            self._uids.pop(access, None)
            if known is not None:
                await self._retire(access, known.cluster)
            return cluster

    async def date(self, access: ClusterAccess) -> str:
        """The `Date` header of the cluster's newest answer, "" for none: by it clocks are compared.

        Raises: what `at` raises.
        """
        return (await self.at(access))._connection.date

    async def uid(self, access: ClusterAccess, *, within: float = SEEN) -> str:
        """What the cluster is known by, asked in the bot's own name, whoever plans: few people may read it.

        An answer of the last `within` seconds counts. Raises: ClusterRefused where the bot may not read it
        either, and what `at` raises.
        """
        cluster = await self.at(access)
        async with self._asking[access]:
            at, uid = self._uids.get(access, (0.0, ""))
            if not uid or self._clock.monotonic() - at > within:
                uid = await cluster.uid()
                self._uids[access] = self._clock.monotonic(), uid
            return uid

    async def _retire(self, access: ClusterAccess, cluster: Cluster) -> None:
        """Keep the one that was replaced for whoever still uses it, and close the one before that."""
        older = self._before.pop(access, None)
        self._before[access] = cluster
        if older is not None:
            await older.__aexit__(None, None, None)


def _stamp(access: ClusterAccess) -> tuple[int, ...]:
    """What differs once the kubeconfig was replaced; () where it can't be read, which opening it tells."""
    if access.kubeconfig is None:
        return ()
    try:
        status = access.kubeconfig.expanduser().stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino
