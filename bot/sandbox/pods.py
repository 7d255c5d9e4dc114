"""The pods of a sandbox's clusters as they are, for onlookers: read beside the bot, whatever happens to its way."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol

from bot.clock import Clock
from bot.cluster import Cluster
from bot.cluster.errors import ClusterError
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.relay import Relay

Pod = Mapping[str, Any]

_AGAIN: Final = 3.0
"""Seconds until a cluster that refused is asked again."""
AWAY: Final = "The API server does not answer"


class Pods(Protocol):
    """Where pods are looked up, by key of the configuration's clusters."""

    def of(self, cluster: str, namespaces: Collection[str]) -> Sequence[Pod]:
        """The pods in these namespaces, by namespace and name; not to be changed."""

    def trouble(self, cluster: str) -> str | None:
        """Why the bot gets no answer there, or `of` an old one."""

    async def follow(self, changed: asyncio.Event) -> None:
        """Set `changed` whenever pods are not as they were; never returns."""


class EmbeddedPods:
    """Those of the embedded cluster, which is all clusters of the configuration."""

    def __init__(self, server: KubernetesServer) -> None:
        self._server = server

    def of(self, _cluster: str, namespaces: Collection[str]) -> Sequence[Pod]:
        return [pod for each in sorted(namespaces) for pod in self._server.storage.scan("", "pods", each)]

    def trouble(self, _cluster: str) -> str | None:
        return AWAY if self._server.is_down else None

    async def follow(self, changed: asyncio.Event) -> None:
        with self._server.storage.changes() as changes:
            async for change in changes:
                if change.key.resource == "pods":
                    changed.set()


class GivenPods:
    """Those of real clusters."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        ways: Mapping[str, Relay],
        namespaces: Mapping[str, Collection[str]],
        clock: Clock,
    ) -> None:
        """All by key of the configuration: the clusters, the bot's ways there, and the namespaces looked at."""
        self._clusters, self._ways, self._namespaces, self._clock = clusters, ways, namespaces, clock
        self._pods: dict[str, dict[str, Pod]] = {key: {} for key in clusters}
        """By cluster and uid."""
        self._troubles: dict[str, str] = {}

    def of(self, cluster: str, namespaces: Collection[str]) -> Sequence[Pod]:
        found = [pod for pod in self._pods[cluster].values() if pod["metadata"]["namespace"] in namespaces]
        return sorted(found, key=_place)

    def trouble(self, cluster: str) -> str | None:
        return AWAY if self._ways[cluster].is_down else self._troubles.get(cluster)

    async def follow(self, changed: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for key in self._clusters:
                group.create_task(self._follow(key, changed), name=f"sandbox pods of {key}")

    async def _follow(self, key: str, changed: asyncio.Event) -> None:
        while True:
            try:
                await self._watch(key, changed)
            except ClusterError as error:
                self._troubles[key] = str(error)
                changed.set()
                await self._clock.sleep(_AGAIN)

    async def _watch(self, key: str, changed: asyncio.Event) -> None:
        pods = self._pods[key] = {}
        async with aclosing(self._clusters[key].watch("v1", "Pod")) as events:
            async for event in events:
                self._troubles.pop(key, None)
                metadata = event.object.get("metadata") or {}
                if event.type == "LOST":
                    self._troubles[key] = AWAY
                elif event.type == "DELETED":
                    pods.pop(metadata["uid"], None)
                elif metadata.get("namespace") in self._namespaces[key]:
                    pods[metadata["uid"]] = event.object
                changed.set()


def _place(pod: Pod) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
