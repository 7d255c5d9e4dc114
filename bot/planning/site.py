"""Where a release lives and in whose name it is reached: all that an operation freezes of the configuration."""

from pydantic import BaseModel, ConfigDict

from bot.access import ClusterAccess, Identity
from bot.helm.releases import Location
from bot.store.verdicts import ReleaseId


class Site(BaseModel):
    """One release in one cluster, reached as one identity (None: the bot's own)."""

    model_config = ConfigDict(frozen=True)

    access: ClusterAccess
    cluster_uid: str
    namespace: str
    release: str
    identity: Identity | None = None

    @property
    def location(self) -> Location:
        """As Helm needs it."""
        return Location(self.access, self.namespace, self.release)

    @property
    def id(self) -> ReleaseId:
        """As the store knows it."""
        return ReleaseId(self.cluster_uid, self.namespace, self.release)
