"""What operations work with; the composition root builds it once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.clock import Clock
from bot.cluster.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.helm.client import Helm
from bot.operations.operation import Record
from bot.planning.releases import Releases
from bot.planning.site import Site
from bot.store.database import Database


class Announcer(Protocol):
    """What makes news of operations; bot.notices, wired by the composition root."""

    async def deployed(self, record: Record, *, previous: str) -> None:
        """A version went out: draft or post its notice where the environment says so."""

    async def withdrawn(self, record: Record, *, version: str, back_to: str) -> None:
        """A version was taken back: say so in its notice."""


@dataclass(frozen=True)
class Tools:
    """The parts that operations share."""

    helm: Helm
    clusters: Clusters
    releases: Releases
    database: Database
    clock: Clock
    mask: Callable[[str], str]
    frozen: Callable[[str, str], Awaitable[bytes]]
    announcer: Announcer

    async def cluster(self, site: Site) -> Cluster:
        """The site's cluster, asked in the site's name."""
        return (await self.clusters.at(site.access)).as_(site.identity)
