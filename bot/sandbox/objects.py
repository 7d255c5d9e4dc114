"""Deleting objects of the embedded cluster by hand, as somebody with kubectl would: through its API."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

import aiohttp

from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key

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


async def delete_objects(cluster: KubernetesServer, pattern: str, namespace: str | None) -> list[str]:
    """Delete what matches `kind/glob` in a namespace (None: in any); return `kind/name` of each.

    A kind may be named as kubectl takes it: `pod`, `pods`, `po`, `Pod`.
    Raises: aiohttp.ClientError where the API refuses or is down.
    """
    kind, _, glob = pattern.partition("/")
    keys = [
        key
        for key in cluster.storage.keys()
        if namespace in (None, key.namespace) and _is_kind(cluster, key, kind) and fnmatchcase(key.name, glob)
    ]
    headers = {"Authorization": "Bearer sandbox"}
    async with aiohttp.ClientSession(
        headers=headers, timeout=_TIMEOUT, raise_for_status=True, trust_env=False
    ) as session:
        for key in keys:
            async with session.delete(cluster.url + _path(cluster, key)):
                pass
    return [f"{kind}/{key.name}" for key in keys]


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
