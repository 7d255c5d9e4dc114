"""What operations work with; the composition root builds it once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.cluster.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.helm.client import Helm
from bot.images.builds import Builds
from bot.notices.notices import Notices
from bot.operations.operation import Record
from bot.planning.releases import Releases
from bot.planning.site import Site
from bot.store.database import Database


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
    notices: Notices
    builds: Builds
    replan: Callable[[Record], Awaitable[None]]
    """Show a fresh plan of what was asked for to its author, in the message that waited."""
    plan_image: Callable[[Record], Awaitable[str]]
    """Show the plan of an image's deploy to its author, in the message of its build; why that was not done."""
    call: Callable[[Record], Awaitable[None]]
    """Tell its author that nothing keeps a change back any more."""
    start: Callable[[Record, str, str, str], Awaitable[str]]
    """Start the deploy of a version that a push has built: record, webhook, environment, version; why it was not."""

    async def cluster(self, site: Site) -> Cluster:
        """The site's cluster, asked in the site's name."""
        return (await self.clusters.at(site.access)).as_(site.identity)
