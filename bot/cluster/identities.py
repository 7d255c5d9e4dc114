"""Whether a cluster is still the one that its name stood for: by the UID of kube-system, pinned when first seen.

A kubeconfig that was edited, or an address that moved, may lead to another cluster under the same name; what was
meant for one must not reach the other until a person says so.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot.access import ClusterAccess
from bot.clock import Clock
from bot.cluster.clusters import Clusters
from bot.cluster.errors import ClusterError, ClusterSwapped
from bot.store import clusters as store
from bot.store.database import Database

PATIENCE = 5.0
"""Seconds that a look at all clusters gives each of them."""


@dataclass(frozen=True)
class Swap:
    """A name that leads to another cluster than before; UIDs in the short form that people compare."""

    name: str
    before: str
    now: str


class Identities:
    """Knows what each name stands for."""

    def __init__(self, clusters: Clusters, database: Database, clock: Clock) -> None:
        self._clusters = clusters
        self._database = database
        self._clock = clock

    async def uid(self, name: str, access: ClusterAccess) -> str:
        """The cluster's UID; seen for the first time, it is what the name stands for from then on.

        Raises: ClusterSwapped when it is another one than that, and what `Clusters.uid` raises.
        """
        found = await self._clusters.uid(access)
        if await self._pinned(name, found) != found:
            # Only what answers at this very moment may be called another cluster.
            found = await self._clusters.uid(access, within=0.0)
            before = await self._pinned(name, found)
            if before != found:
                raise ClusterSwapped(name, short(before), short(found))
        return found

    async def swaps(self, named: Mapping[str, ClusterAccess]) -> list[Swap]:
        """Those of these clusters that are other ones than before; who can't be asked is not known to be."""
        found = await asyncio.gather(*(self._swap(name, access) for name, access in named.items()))
        return [each for each in found if each is not None]

    async def accept(self, name: str, access: ClusterAccess, expected: str = "") -> Swap:
        """Let the name stand for the cluster that answers now; with `expected`, only if its short UID is that.

        Raises: ClusterSwapped when it is yet another one, and what `Clusters.uid` raises.
        """
        found = await self._clusters.uid(access, within=0.0)
        before = await self._pinned(name, found)
        if expected and short(found) != expected:
            raise ClusterSwapped(name, short(before), short(found))
        async with self._database.write() as session:
            await store.accept(session, name, found, self._clock.now())
        return Swap(name, short(before), short(found))

    async def _swap(self, name: str, access: ClusterAccess) -> Swap | None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.uid(name, access)
        except ClusterSwapped as swapped:
            return Swap(name, swapped.before, swapped.now)
        except (ClusterError, TimeoutError):
            return None
        return None

    async def _pinned(self, name: str, found: str) -> str:
        async with self._database.read() as session:
            pinned = (await store.pinned(session)).get(name)
        if pinned is not None:
            return pinned
        async with self._database.write() as session:
            return await store.pin(session, name, found, self._clock.now())


def short(uid: str) -> str:
    """As much of a UID as people compare."""
    return uid[:8]
