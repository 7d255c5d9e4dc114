"""From an app in an environment to the one release that is meant: which cluster, in whose name, and nobody else's."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence

from bot.access import Identity
from bot.cluster.errors import ClusterError
from bot.cluster.identities import Identities, short
from bot.config import Config, Target
from bot.planning.errors import PlanRefused
from bot.planning.site import Site


class Sites:
    """Finds sites by the configuration in force."""

    def __init__(self, identities: Identities, config: Callable[[], Config]) -> None:
        self._identities = identities
        self._config = config
        self._indexed: Config | None = None
        self._alike: dict[tuple[str, str], list[Target]] = {}

    async def of(self, target: Target, identity: Identity | None) -> Site:
        """Where the target lives, asked in the person's name where the environment says so.

        Raises: PlanRefused when it does and the person has no mapping, or when the release is another target's
        too; ClusterSwapped when the cluster is another one than its name stood for; ClusterError.
        """
        as_ = identity if target.environment.impersonate else None
        if target.environment.impersonate and as_ is None:
            raise PlanRefused(
                f"{target.environment.name} asks the cluster in your name, and you have none there",
                advice="An admin adds `kubernetes: {user: ...}` to your entry under `people`",
            )
        uid = await self._identities.uid(target.cluster_name, target.access)
        await self._refuse_twin(target, uid)
        return Site(
            access=target.access,
            cluster_uid=uid,
            namespace=target.namespace,
            release=target.release,
            identity=as_,
        )

    async def _refuse_twin(self, target: Target, uid: str) -> None:
        """Two clusters of the configuration may turn out to be one; releases of the same name are then one too."""
        for other in self._others(target):
            with contextlib.suppress(ClusterError):  # whoever can't be asked is not known to be the same
                if await self._identities.uid(other.cluster_name, other.access) == uid:
                    raise PlanRefused(
                        f"{target} and {other} are one release: {target.namespace}/{target.release}",
                        where=f"Clusters {target.cluster_name} and {other.cluster_name} are one: {short(uid)}",
                        advice="An admin gives one of them another namespace or release",
                    )

    def _others(self, target: Target) -> Sequence[Target]:
        """Targets whose release is named alike on a cluster that is named otherwise."""
        config = self._config()
        if config is not self._indexed:
            alike = defaultdict(list)
            for each in config.targets():
                alike[each.namespace, each.release].append(each)
            self._indexed, self._alike = config, alike
        named_alike = self._alike.get((target.namespace, target.release), ())
        return [each for each in named_alike if each.cluster_name != target.cluster_name]
