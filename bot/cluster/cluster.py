"""A Kubernetes cluster as the rest of the bot sees it: coroutines over raw JSON, errors of `errors` only.

Raw, because typed objects cost the client library seconds of a blocked loop (5,000 pods: 3.3 s against
0.2 s). Every call has a time-out. What the objects mean is left to the callers; what changes them is in `writing`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

import aiohttp

from bot.cluster.answers import kubernetes_words, objects_in, parsed
from bot.cluster.connection import JSON, Request, unreachable, without_managers
from bot.cluster.discovery import Ref, Resource
from bot.cluster.errors import ClusterRefused
from bot.cluster.watching import WatchEvent, lines, watching
from bot.cluster.writing import Writing

Objects: TypeAlias = list[dict[str, Any]]
"""Raw JSON objects."""

_PAGE = 250
"""Objects a page of a list: about a megabyte of pods, which parses in ten milliseconds."""

_METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_ONE_METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"

_LOG_BYTES = 1 << 20
"""The most that one request for a log fetches: a pod may have written gigabytes."""

_LOG_HOLD = 3600.0
"""Seconds after which a log that is followed is asked for again."""

_FEWER = 8
"""A log that is over the limit is asked for again with so many times fewer lines."""

_HALF_LINE = 512
"""Bytes cut off a line that is itself over the limit: a secret may have been cut in two there."""


@dataclass(frozen=True, slots=True)
class Access:
    """The API server's answer to "may this identity do that?"; `reason` in its own words."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


def whole(item: dict[str, Any]) -> dict[str, Any]:
    """All of an object."""
    return item


class Cluster(Writing):
    """One cluster, in one identity's name. Open it as an async context manager:

    async with Cluster(access) as cluster:
        pods = await cluster.as_(identity).list("v1", "Pod", "shop-staging")
    """

    async def __aenter__(self) -> Self:
        """Raises: KubeconfigUnusable, KubeconfigUnsafe. Asks nothing of the cluster."""
        await self._connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def get(self, ref: Ref | str, *, timeout: float = 20.0) -> dict[str, Any] | None:
        """One object, by reference or path; None where there is none."""
        try:
            path = ref if isinstance(ref, str) else await self._path(ref)
            found: dict[str, Any] = await self._json("GET", path, timeout=timeout)
        except ClusterRefused as error:
            if error.code == 404:
                return None
            raise
        return found

    async def metadata_of(self, ref: Ref) -> dict[str, Any] | None:
        """One object's metadata, field managers included, beside its apiVersion and kind; None where there is none.

        For marks on objects whose content is nobody's business here, such as Secrets.
        """
        try:
            path = await self._path(ref)
            found: dict[str, Any] = await self._json("GET", path, accept=_ONE_METADATA)
        except ClusterRefused as error:
            if error.code == 404:
                return None
            raise
        return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": found.get("metadata") or {}}

    async def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        most: int | None = None,
        timeout: float = 30.0,
    ) -> Objects:
        """All objects of a kind; namespace None: of the whole cluster. Selectors in Kubernetes' syntax.

        Items carry apiVersion and kind, which the server leaves out, and no managedFields, which are half of an
        object's bulk. With `most` no more pages are asked for than hold so many. `timeout` is for each page.
        """
        resource = await self.resource(api_version, kind)
        items, _ = await self._listed(resource, namespace, _selection(labels, fields), timeout, most=most)
        return items[:most]

    async def metadata(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: str | None = None
    ) -> Objects:
        """As `list`, but only each object's metadata: for long lists of which names or labels matter."""
        resource = await self.resource(api_version, kind)
        items, _ = await self._listed(resource, namespace, _selection(labels, None), 30.0, _METADATA)
        return items

    async def watch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        keep: Callable[[dict[str, Any]], dict[str, Any]] = whole,
    ) -> AsyncGenerator[WatchEvent, None]:
        """All objects as ADDED, then SYNCED, then their changes without end; close it with `aclosing`.

        `keep` says what of each object is kept, before the next ones are read: there may be thousands.
        Outages are told by LOST and mended by themselves. Raises: ClusterRefused when refused for good.
        """
        resource = await self.resource(api_version, kind)
        query = _selection(labels, fields)
        events = watching(
            self._connection,
            Request("GET", resource.path(namespace), query, identity=self._identity),
            lambda: self._listed(resource, namespace, query, 30.0, keep=keep),
            self._clock,
            lambda item: keep({"apiVersion": api_version, "kind": resource.kind, **without_managers(item)}),
        )
        async with contextlib.aclosing(events) as changes:
            async for event in changes:
                yield event

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str | None = None,
        *,
        previous: bool = False,
        tail: int = 50,
        since: int | None = None,
        timestamps: bool = False,
        timeout: float = 20.0,
    ) -> str:
        """The last `tail` lines of a container, of its run before with `previous`; `since` in seconds.

        At most a megabyte: of longer lines there are fewer, and it is always the newest that are kept. The server
        counts `limitBytes` from the first of these lines, so it would cut off the newest.
        Raises: ClusterRefused with code 404 without such a pod, 400 while there is nothing to read.
        """
        query = {"limitBytes": str(_LOG_BYTES)}
        query |= {"container": container} if container else {}
        query |= {"previous": "true"} if previous else {}
        query |= {"sinceSeconds": str(since)} if since else {}
        query |= {"timestamps": "true"} if timestamps else {}
        while True:
            asked = query | {"tailLines": str(tail)}
            request = Request("GET", _log(namespace, pod), asked, accept="*/*", identity=self._identity)
            body = await self._connection.call(request, timeout, most=_LOG_BYTES)
            if len(body) < _LOG_BYTES:
                return body.decode(errors="replace")
            if tail == 1:
                return body[:-_HALF_LINE].decode(errors="replace")
            tail = max(1, tail // _FEWER)

    async def follow(
        self, namespace: str, pod: str, container: str, *, since: str = ""
    ) -> AsyncGenerator[str, None]:
        """The lines that a container writes until it ends, as they come, each with its time (RFC 3339) and a blank
        before it; close it with `aclosing`. Those before `since` are left out.

        Raises: ClusterUnreachable where the connection breaks, and what `logs` raises.
        """
        query = {"follow": "true", "timestamps": "true", "container": container}
        query |= {"sinceTime": since} if since else {}
        request = Request("GET", _log(namespace, pod), query, accept="*/*", identity=self._identity)
        try:
            async with self._connection.stream(request, total=_LOG_HOLD) as stream:
                async for line in lines(stream):
                    yield line.decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(error, self._connection.access) from error

    async def may(
        self,
        verb: str,
        group: str,
        resource: str,
        namespace: str | None = None,
        *,
        name: str | None = None,
        subresource: str | None = None,
    ) -> Access:
        """Whether this identity may; asks the API server (SelfSubjectAccessReview)."""
        attributes = {
            "verb": verb,
            "group": group,
            "resource": resource,
            "namespace": namespace or "",
            "name": name or "",
            "subresource": subresource or "",
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        status = (await self._json("POST", path, body=review)).get("status") or {}
        return Access(bool(status.get("allowed")), str(status.get("reason") or ""))

    async def version(self) -> str:
        """The API server's version, as "v1.33.1"."""
        said = await self._json("GET", "/version")
        with kubernetes_words():
            return str(said["gitVersion"])

    async def api_versions(self) -> tuple[str, ...]:
        """What the cluster serves, in the form of Helm's capabilities: "apps/v1", "apps/v1/Deployment", ..."""
        return await self._discovery.api_versions()

    async def uid(self) -> str:
        """The UID of the namespace kube-system: what a cluster is known by, whatever it is called.

        Raises: ClusterRefused where the identity may not read it.
        """
        namespace = await self._json("GET", "/api/v1/namespaces/kube-system")
        with kubernetes_words():
            return str(namespace["metadata"]["uid"])

    async def _listed(
        self,
        resource: Resource,
        namespace: str | None,
        query: Mapping[str, str],
        timeout: float,
        accept: str = JSON,
        *,
        most: int | None = None,
        keep: Callable[[dict[str, Any]], dict[str, Any]] = whole,
    ) -> tuple[Objects, str]:
        """All pages of a list (or those with the first `most`), and the resourceVersion to watch from."""
        items: Objects = []
        asked = dict(query) | {"limit": str(_PAGE)}
        while True:
            request = Request(
                "GET", resource.path(namespace), dict(asked), accept=accept, identity=self._identity
            )
            page = await parsed(await self._connection.call(request, timeout), without_managers)
            for item in objects_in(page):
                item.setdefault("apiVersion", resource.api_version)
                item.setdefault("kind", resource.kind)
                items.append(keep(item))
            metadata = page.get("metadata") or {}
            if not metadata.get("continue") or (most is not None and len(items) >= most):
                return items, str(metadata.get("resourceVersion") or "")
            asked["continue"] = metadata["continue"]


def _selection(labels: str | None, fields: str | None) -> dict[str, str]:
    return ({"labelSelector": labels} if labels else {}) | ({"fieldSelector": fields} if fields else {})


def _log(namespace: str, pod: str) -> str:
    resource = Resource("v1", "Pod", "pods", namespaced=True)
    return resource.path(namespace, pod, "log")
