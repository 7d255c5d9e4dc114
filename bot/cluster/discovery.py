"""Which kinds a cluster serves, and at which paths: asked once a group, remembered for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.cluster.answers import kubernetes_words, parsed
from bot.cluster.connection import Connection, Request
from bot.cluster.errors import ClusterRefused

_AGGREGATED = ",".join(
    [f"application/json;g=apidiscovery.k8s.io;v={it};as=APIGroupDiscoveryList" for it in ("v2", "v2beta1")]
    + ["application/json"]
)

_FRESH = 300.0
"""Seconds before a group is asked again: custom resources come and go with operators."""

_NEW = 1.0
"""Seconds before a group is asked again for a kind that it did not have."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One object of a cluster; `namespace` None where its kind has none."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind and the paths under which its objects are."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        """The API group; "" for the core."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of a collection or object; every part is escaped."""
        parts = [_root(self.api_version)]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        if subresource is not None:
            parts.append(subresource)
        return "/".join(parts)


class Discovery:
    """Remembers what one cluster serves; shared by all identities, since it is no secret."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._groups: dict[str, tuple[float, tuple[Resource, ...]]] = {}

    async def resource(self, api_version: str, kind_or_plural: str) -> Resource:
        """By kind ("Deployment") or plural ("deployments").

        Raises: ClusterRefused with code 404 where the cluster does not serve it.
        """
        for fresh in (_FRESH, _NEW):  # what is not among the kinds that are remembered may have come since
            for resource in await self._group(api_version, fresh):
                if kind_or_plural in (resource.kind, resource.plural):
                    return resource
        raise ClusterRefused(f"this cluster serves no {kind_or_plural} in {api_version}", 404, "NotFound")

    async def api_versions(self) -> tuple[str, ...]:
        """What Helm calls capabilities: "v1", "apps/v1", "apps/v1/Deployment", ...; sorted."""
        found: set[str] = set()
        for body in await asyncio.gather(self._root("/api"), self._root("/apis")):
            if "items" in body:
                found.update(aggregated(body))
            else:
                found.update(await self._one_by_one(body))
        return tuple(sorted(found))

    async def _root(self, path: str) -> Mapping[str, Any]:
        body: Mapping[str, Any] = await parsed(
            await self._connection.call(Request("GET", path, accept=_AGGREGATED))
        )
        return body

    async def _one_by_one(self, body: Mapping[str, Any]) -> set[str]:
        """The older form of discovery: a list of groups, a request each."""
        with kubernetes_words():
            names = list(body.get("versions") or ())
            for group in body.get("groups") or ():
                names += [version["groupVersion"] for version in group.get("versions") or ()]
        served = await asyncio.gather(*(self._group(name) for name in names), return_exceptions=True)
        found = set(names)
        for name, resources in zip(names, served, strict=True):
            if not isinstance(resources, BaseException):
                found.update(f"{name}/{resource.kind}" for resource in resources)
        return found

    async def _group(self, api_version: str, fresh: float = _FRESH) -> tuple[Resource, ...]:
        """What a group has, () where the cluster has no such group; an answer of the last `fresh` seconds counts."""
        now = asyncio.get_running_loop().time()
        asked, resources = self._groups.get(api_version, (-_FRESH, ()))
        if now - asked < fresh and (resources or fresh == _NEW):
            return resources
        try:
            body = await parsed(await self._connection.call(Request("GET", _root(api_version))))
        except ClusterRefused as error:
            if error.code != 404:
                raise
            body = {}
        resources = resources_in(body, api_version)
        self._groups[api_version] = (now, resources)
        return resources


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def resources_in(body: Mapping[str, Any], api_version: str) -> tuple[Resource, ...]:
    """What a group serves, by an APIResourceList.

    Raises: ClusterUnreachable when it is none.
    """
    with kubernetes_words():
        return tuple(
            Resource(api_version, entry["kind"], entry["name"], bool(entry["namespaced"]))
            for entry in body.get("resources") or ()
            if "/" not in entry["name"]
        )


def aggregated(body: Mapping[str, Any]) -> set[str]:
    """What a cluster serves, by an APIGroupDiscoveryList.

    Raises: ClusterUnreachable when it is none.
    """
    found = set()
    with kubernetes_words():
        for group in body.get("items") or ():
            name = (group.get("metadata") or {}).get("name") or ""
            for version in group.get("versions") or ():
                api_version = f"{name}/{version['version']}" if name else version["version"]
                found.add(api_version)
                for resource in version.get("resources") or ():
                    kind = (resource.get("responseKind") or {}).get("kind")
                    if kind:
                        found.add(f"{api_version}/{kind}")
    return found
