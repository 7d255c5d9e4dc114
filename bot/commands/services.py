"""What handlers reach through `Ask`; the composition root builds it once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.cluster.clusters import Clusters
from bot.cluster.identities import Identities
from bot.commands.showing import Screen
from bot.commands.suspending import Suspensions
from bot.config import Config, Target
from bot.helm.client import Helm
from bot.images.builds import Builds
from bot.images.registry import Registries
from bot.images.source import Sources
from bot.masking import Masker
from bot.notices.notices import Notices
from bot.operations.desk import Desk
from bot.permissions import Policy
from bot.planning.inspecting import Inspector
from bot.planning.planner import Planner
from bot.planning.releases import Releases
from bot.planning.versions import Versions
from bot.store.database import Database


@dataclass(frozen=True)
class Services:
    """The parts that serve all handlers. `config`, `policy` and `masker` answer with what is in force now."""

    config: Callable[[], Config]
    policy: Callable[[], Policy]
    masker: Callable[[], Masker]
    shouts: Callable[[Target], bool]
    """Whether an environment's name is shown in capitals: mistakes there reach users."""
    reload: Callable[[], Awaitable[list[str]]]
    """Load the configuration again; the problems that keep the old one in force, [] when there are none."""
    clock: Clock
    database: Database
    screen: Screen
    desk: Desk
    planner: Planner
    inspector: Inspector
    releases: Releases
    versions: Versions
    helm: Helm
    clusters: Clusters
    identities: Identities
    notices: Notices
    builds: Builds
    sources: Callable[[], Sources]
    registries: Callable[[], Registries]
    suspensions: Suspensions
