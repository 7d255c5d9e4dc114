"""Clusters: each answers, is known by its identity, and its clock goes as ours does."""

from bot.access import ClusterAccess
from bot.app import Parts
from bot.checking import clocks
from bot.checking.lines import Answer, Finding, Group, Question
from bot.cluster import ClusterRefused
from bot.cluster.identities import short


def group(parts: Parts) -> Group:
    """A line for each cluster, and more where something about it is to be told."""
    config = parts.current.config
    return Group(
        "Clusters",
        [
            Question(f"cluster {name}", _Asked(parts, name, cluster.access).reached)
            for name, cluster in config.clusters.items()
        ],
    )


class _Asked:
    def __init__(self, parts: Parts, name: str, access: ClusterAccess) -> None:
        self._parts = parts
        self._name = name
        self._about = f"cluster {name}"
        self._access = access

    async def reached(self) -> Answer:
        cluster = await self._parts.clusters.at(self._access)
        version = await cluster.version()
        theirs = clocks.server_time(await self._parts.clusters.date(self._access))
        apart = clocks.difference(theirs, self._parts.clock.now())
        try:
            known = f"identity {short(await self._parts.identities.uid(self._name, self._access))}"
        except ClusterRefused:  # told among the rights
            known = "its identity may not be read"
        lines = [Finding("ok", self._about, f"Kubernetes {version}, {known}")]
        if apart:
            words = f"this machine's clock is {apart} the cluster's: let both follow a time server"
            lines.append(Finding("wrong", f"clock of {self._about}", words))
        return lines
