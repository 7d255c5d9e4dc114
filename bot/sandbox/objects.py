"""What somebody else does to the embedded cluster: deletes its objects through its API, marks them, swaps it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

import aiohttp

from bot.sandbox.hands import Behaves, NotAsTold
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.servers import Servers

_SHORT: Final = {
    "po": "pods",
    "deploy": "deployments",
    "sts": "statefulsets",
    "ds": "daemonsets",
    "rs": "replicasets",
    "svc": "services",
    "cm": "configmaps",
    "ns": "namespaces",
    "no": "nodes",
    "pvc": "persistentvolumeclaims",
}
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)


class EmbeddedHands:
    """Those that reach into the embedded cluster."""

    def __init__(self, servers: Servers) -> None:
        self._cluster = servers.cluster
        self._behaviours = servers.behaviours

    async def set_image(self, reference: str, behaves: Behaves) -> None:
        self._behaviours.order(reference, behaves)

    async def cluster_down(self, seconds: float | None, name: str | None) -> None:
        if name is not None:
            raise NotAsTold(f"the embedded cluster is {name} and all others, so it goes down without a name")
        await self._cluster.down(seconds)

    async def cluster_up(self) -> None:
        await self._cluster.up()

    async def delete(self, pattern: str, namespace: str | None) -> None:
        try:
            deleted = await delete_objects(self._cluster, pattern, namespace)
        except aiohttp.ClientError as error:
            raise NotAsTold(f"the cluster's API did not delete it: {error}") from error
        if not deleted:
            raise NotAsTold(f"there is no {pattern} in {namespace or 'any namespace'}")

    async def mark(
        self, pattern: str, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        if not mark_objects(self._cluster, pattern, namespace, labels=labels, annotations=annotations):
            raise NotAsTold(f"there is no {pattern} in {namespace}")

    async def swap(self, uid: str) -> None:
        swap_cluster(self._cluster, uid)


async def delete_objects(cluster: KubernetesServer, pattern: str, namespace: str | None) -> list[str]:
    """Delete what matches `kind/glob` in a namespace (None: in any); return `kind/name` of each.

    A kind may be named as kubectl takes it: `pod`, `pods`, `po`, `Pod`.
    Raises: aiohttp.ClientError where the API refuses or is down.
    """
    kind = pattern.partition("/")[0]
    keys = _matching(cluster, pattern, namespace)
    headers = {"Authorization": "Bearer sandbox"}
    async with aiohttp.ClientSession(
        headers=headers, timeout=_TIMEOUT, raise_for_status=True, trust_env=False
    ) as session:
        for key in keys:
            async with session.delete(cluster.url + _path(cluster, key)):
                pass
    return [f"{kind}/{key.name}" for key in keys]


def mark_objects(
    cluster: KubernetesServer,
    pattern: str,
    namespace: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> int:
    """Put labels and annotations on what matches `kind/glob`, as another tool does; how many objects that are."""
    keys = _matching(cluster, pattern, namespace)
    for key in keys:
        item = cluster.storage.get(key)
        assert item is not None
        for field, marks in (("labels", labels), ("annotations", annotations)):
            item["metadata"].setdefault(field, {}).update(marks or {})
        cluster.storage.put(key, item)
    return len(keys)


def swap_cluster(cluster: KubernetesServer, uid: str) -> None:
    """From now on it is known by another UID, as if another cluster answered at its address."""
    key = Key("", "namespaces", "", "kube-system")
    item = cluster.storage.get(key)
    assert item is not None
    item["metadata"]["uid"] = uid
    cluster.storage.put(key, item)


def _matching(cluster: KubernetesServer, pattern: str, namespace: str | None) -> list[Key]:
    kind, _, glob = pattern.partition("/")
    return [
        key
        for key in cluster.storage.keys()
        if namespace in (None, key.namespace) and _is_kind(cluster, key, kind) and fnmatchcase(key.name, glob)
    ]


def _is_kind(cluster: KubernetesServer, key: Key, kind: str) -> bool:
    wanted = kind.lower()
    found = cluster.storage.peek(key) or {}
    return _SHORT.get(wanted, wanted) in (key.resource, str(found.get("kind", "")).lower())


def _path(cluster: KubernetesServer, key: Key) -> str:
    """Where the API serves an object."""
    found = cluster.storage.peek(key) or {}
    version = str(found.get("apiVersion", "v1"))
    root = f"/apis/{version}" if key.group else f"/api/{version}"
    scope = f"/namespaces/{key.namespace}" if key.namespace else ""
    return f"{root}{scope}/{key.resource}/{key.name}"
