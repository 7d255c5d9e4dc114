"""A real cluster that the sandbox was given, in which it keeps to namespaces of its own.

Their names begin with a prefix that is made anew each time, so nothing that was there before can be meant; all of
them are removed at the end. What a kubelet does is a real one's business, unless the cluster's nodes are played.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterError
from bot.sandbox.hands import Behaves, NotAsTold
from bot.sandbox.installing import is_ready
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.nodes import PlayedNodes
from bot.sandbox.nodes.api import Refused
from bot.sandbox.nodes.kubeconfig import KubeconfigInvalid
from bot.sandbox.nodes.registering import NodeTaken
from bot.sandbox.relay import Relay
from bot.sandbox.servers import Beside

_READY_WITHIN: Final = 120.0
_GONE_WITHIN: Final = 120.0
_PLAYED: Final = "sandbox://"
"""How the provider's ids of played nodes begin."""
_KINDS: Final = (
    ("v1", "Pod", "pods", "po"),
    ("v1", "Service", "services", "svc"),
    ("v1", "ConfigMap", "configmaps", "cm"),
    ("v1", "Secret", "secrets", "secret"),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc"),
    ("apps/v1", "Deployment", "deployments", "deploy"),
    ("apps/v1", "StatefulSet", "statefulsets", "sts"),
    ("apps/v1", "DaemonSet", "daemonsets", "ds"),
    ("apps/v1", "ReplicaSet", "replicasets", "rs"),
    ("batch/v1", "Job", "jobs", "job"),
)
"""What others delete and mark: version, kind, and what else it is called."""

_RUNNING: Final = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("apps/v1", "ReplicaSet"),
    ("v1", "Pod"),
)
"""What goes before its namespace, so that this does not wait half a minute for pods to end in peace."""


@dataclass(frozen=True)
class Given:
    """What was said on the command line."""

    kubeconfig: Path
    context: str | None = None
    """None: the context called like the configuration's cluster, else the current one."""
    play_nodes: bool = False

    def access(self, context: str) -> ClusterAccess:
        """How the sandbox itself reaches a cluster; whoever gave the kubeconfig lets its programs run."""
        return ClusterAccess(self.kubeconfig, context, allow_exec=True)

    def read(self) -> dict[str, Any]:
        """What the file says. Raises: OSError, GivenUnusable."""
        content = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise GivenUnusable(f"{self.kubeconfig} is no kubeconfig")
        return content

    def contexts(self, clusters: Iterable[str], content: Mapping[str, Any]) -> dict[str, str]:
        """By key of the configuration's clusters: the context that stands in its place."""
        names = [each.get("name") for each in content.get("contexts") or ()]
        chosen = str(self.context or content.get("current-context") or "")
        return {key: key if self.context is None and key in names else chosen for key in clusters}


class GivenUnusable(Exception):
    """The sandbox cannot work on the cluster that it was given; the text says why."""


class GivenClusters:
    """One real cluster, or several; the hands that act on them."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        ways: Mapping[str, Relay],
        prefix: str,
        beside: Beside,
        *,
        plays: bool,
        images_run: bool,
    ) -> None:
        self.by_context = clusters
        """The clusters, by the context that leads there."""
        self._clusters = tuple(clusters.values())
        self._ways = ways
        self._prefix = prefix
        self._behaviours = beside.behaviours
        self._plays = plays
        self.images_run = images_run
        """Whether all nodes are played ones: a real one cannot pull the sandbox's images."""

    async def until_ready(self) -> None:
        """Return once every Deployment of the sandbox runs what it is told. Raises: GivenUnusable, ClusterError."""
        try:
            async with asyncio.timeout(_READY_WITHIN):
                for cluster in self._clusters:
                    await self._until_ready(cluster)
        except TimeoutError:
            words = (
                f"what was installed is not ready after {_READY_WITHIN:g} s, in namespaces {self._prefix}*"
            )
            raise GivenUnusable(words) from None

    async def _until_ready(self, cluster: Cluster) -> None:
        unready, synced = set[str](), False
        async with aclosing(cluster.watch("apps/v1", "Deployment")) as changes:
            async for change in changes:
                synced = synced or change.type == "SYNCED"
                metadata = change.object.get("metadata") or {}
                if str(metadata.get("namespace", "")).startswith(self._prefix):
                    if change.type == "DELETED" or is_ready(change.object):
                        unready.discard(metadata["uid"])
                    else:
                        unready.add(metadata["uid"])
                if synced and not unready:
                    return

    async def remove(self) -> None:
        """Remove the sandbox's namespaces, and return once they are gone. Raises: GivenUnusable, ClusterError."""
        try:
            async with asyncio.timeout(_GONE_WITHIN):
                await asyncio.gather(*(self._remove(cluster) for cluster in self._clusters))
        except TimeoutError:
            words = f"the namespaces {self._prefix}* were deleted, but are not gone after {_GONE_WITHIN:g} s"
            raise GivenUnusable(words) from None

    async def _remove(self, cluster: Cluster) -> None:
        for version, kind in _RUNNING:
            for ref in await self._own(cluster, version, kind):
                await cluster.delete(ref, grace=0)
        for namespace in await self._namespaces(cluster):
            await cluster.delete(Ref("v1", "Namespace", namespace))
        left = set(await self._namespaces(cluster))
        async with aclosing(cluster.watch("v1", "Namespace")) as changes:
            while left:
                change = await anext(changes)
                if change.type == "DELETED":
                    left.discard(change.object["metadata"]["name"])

    async def _own(self, cluster: Cluster, version: str, kind: str) -> list[Ref]:
        """All objects of a kind in the sandbox's namespaces."""
        found = [each["metadata"] for each in await cluster.metadata(version, kind)]
        return [
            Ref(version, kind, each["name"], each["namespace"])
            for each in found
            if each["namespace"].startswith(self._prefix)
        ]

    async def _namespaces(self, cluster: Cluster) -> list[str]:
        found = await cluster.metadata("v1", "Namespace")
        names = [each["metadata"]["name"] for each in found]
        return [name for name in names if name.startswith(self._prefix)]

    async def set_image(self, reference: str, behaves: Behaves) -> None:
        if not self._plays:
            raise NotAsTold(
                "what an image does on a given cluster is up to its nodes; start the sandbox with --play-nodes"
            )
        self._behaviours.order(reference, behaves)

    async def cluster_down(self, seconds: float | None, name: str | None) -> None:
        if name is not None and name not in self._ways:
            raise NotAsTold(f"the configuration has no cluster {name}")
        for relay in {self._ways[name]} if name is not None else set(self._ways.values()):
            await relay.down(seconds)

    async def cluster_up(self) -> None:
        for relay in set(self._ways.values()):
            await relay.up()

    async def delete(self, pattern: str, namespace: str | None) -> None:
        found = await self._matching(pattern, namespace)
        for cluster, ref in found:
            await cluster.delete(ref)

    async def mark(
        self, pattern: str, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        marks = {"metadata": {"labels": dict(labels), "annotations": dict(annotations)}}
        for cluster, ref in await self._matching(pattern, namespace):
            await cluster.patch(ref, marks, manager="another-tool")

    async def swap(self, uid: str) -> None:
        raise NotAsTold("only the embedded cluster can be swapped for another; this one was given")

    async def _matching(self, pattern: str, namespace: str | None) -> list[tuple[Cluster, Ref]]:
        """What matches `kind/glob` in the sandbox's own namespaces. Raises: NotAsTold where nothing does."""
        asked, _, glob = pattern.partition("/")
        version, kind = _kind(asked)
        try:
            found = [
                (cluster, ref)
                for cluster in self._clusters
                for ref in await self._own(cluster, version, kind)
                if (namespace is None or ref.namespace == self._prefix + namespace)
                and fnmatchcase(ref.name, glob)
            ]
        except ClusterError as error:
            raise NotAsTold(f"the cluster's API did not say what there is: {error}") from error
        if not found:
            raise NotAsTold(f"there is no {pattern} in {namespace or 'any namespace'}")
        return found


@asynccontextmanager
async def given_clusters(
    given: Given,
    contexts: Sequence[str],
    ways: Mapping[str, Relay],
    prefix: str,
    beside: Beside,
    pace: Pace | None = None,
) -> AsyncIterator[GivenClusters]:
    """The clusters of these contexts, in which all namespaces with that prefix are the sandbox's.

    They are removed at the end. With `play_nodes` images behave on them as the sandbox says, at that pace. `ways` are
    those of the bot, by key of the configuration's clusters.
    Raises: GivenUnusable, ClusterError.
    """
    async with AsyncExitStack() as stack:
        clusters, real = dict[str, Cluster](), list[str]()
        for context in contexts:
            clusters[context] = await stack.enter_async_context(Cluster(given.access(context)))
            real += await _real_nodes(clusters[context])
            if given.play_nodes and real:
                raise GivenUnusable(
                    f"{context} has nodes of its own ({real[0]}): none can be played beside them"
                )
            if given.play_nodes:
                await _play_nodes(stack, given.kubeconfig, context, beside, pace)
        opened = GivenClusters(clusters, ways, prefix, beside, plays=given.play_nodes, images_run=not real)
        stack.push_async_callback(opened.remove)
        yield opened


async def _play_nodes(
    stack: AsyncExitStack, kubeconfig: Path, context: str, beside: Beside, pace: Pace | None
) -> None:
    try:
        nodes = PlayedNodes(
            kubeconfig,
            context=context,
            behaviour=beside.behaviours.of,
            task_behaviour=beside.behaviours.of_task,
            image_exists=beside.has,
            pace=pace,
        )
        await stack.enter_async_context(nodes)
    except (KubeconfigInvalid, Refused, NodeTaken, aiohttp.ClientError) as error:
        raise GivenUnusable(f"no nodes can be played: {error}") from error


async def _real_nodes(cluster: Cluster) -> list[str]:
    nodes = await cluster.list("v1", "Node")
    return [
        node["metadata"]["name"]
        for node in nodes
        if not str(node["spec"].get("providerID", "")).startswith(_PLAYED)
    ]


def _kind(asked: str) -> tuple[str, str]:
    """Version and kind of what a script names as kubectl takes it. Raises: NotAsTold."""
    for version, kind, *names in _KINDS:
        if asked.lower() in (kind.lower(), *names):
            return version, kind
    raise NotAsTold(f"{asked} is no kind that a script may touch in a given cluster")
