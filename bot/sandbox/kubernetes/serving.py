"""The API over HTTP: a request becomes a verb on a resource, an answer becomes JSON.

Rights are checked here, once, before anything is read or written; what the verbs mean is told elsewhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from bot.clock import Clock
from bot.sandbox.kubernetes import (
    discovery,
    eviction,
    openapi,
    patching,
    podlogs,
    reading,
    requests,
    reviews,
    scaling,
    watching,
)
from bot.sandbox.kubernetes.authorization import Attributes, Gate, Identity
from bot.sandbox.kubernetes.deleting import delete
from bot.sandbox.kubernetes.errors import (
    ApiError,
    PathUnknown,
    internal,
    method_not_allowed,
    no_such_path,
    not_run,
)
from bot.sandbox.kubernetes.escalating import check_escalation
from bot.sandbox.kubernetes.logs import PodLogs
from bot.sandbox.kubernetes.objects import Objects
from bot.sandbox.kubernetes.requests import Target
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.writes import Admission, Written

Object = dict[str, Any]


NOT_RUN = {"Pod": ("attach", "exec", "portforward")}
"""Subresources that would need a process in the container: they are refused with the reason."""


class Api:
    """One cluster's HTTP interface."""

    def __init__(self, objects: Objects, logs: PodLogs, clock: Clock, gate: Gate) -> None:
        self._objects = objects
        self._gate = gate
        self._storage = objects.storage
        self._resources = objects.resources
        self._logs = logs
        self._clock = clock
        self._pages = reading.Pages()
        self._documents: dict[str, bytes] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer any request; refusals become Status objects."""
        try:
            who = self._gate.identity(request)
            aim = requests.target(request.path)
            if aim is None:
                return await self._about(request, who)
            return await self._on_resource(request, who, aim)
        except ApiError as error:
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
            return answered(error.status, error.code, headers=headers)
        except PathUnknown:
            return web.Response(text="404 page not found\n", status=404)

    async def _on_resource(self, request: web.Request, who: Identity, aim: Target) -> web.StreamResponse:
        resource = self._resources.find(aim.group, aim.version, aim.plural)
        verb = requests.verb(request, aim)
        namespace = aim.name if aim.plural == "namespaces" and not aim.group else aim.namespace
        asked = Attributes(verb, aim.group, aim.plural, aim.subresource, namespace, aim.name)
        self._gate.authorize(who, asked)
        if resource is None and not self._resources.versions(aim.group):
            raise PathUnknown
        if resource is None or (aim.namespace and not resource.namespaced):
            raise no_such_path()
        admit: Admission = partial(check_escalation, self._storage, who)
        request[requests.ADMIT] = admit
        if self._creates(request, resource, aim):
            self._gate.authorize(who, replace(asked, verb="create"))
        if aim.subresource:
            return await self._on_subresource(request, resource, aim)
        if verb not in resource.verbs or (verb in ("update", "patch") and not aim.name):
            raise method_not_allowed()
        if resource.verbs == ("create",):
            body = await requests.body(request)
            answer = reviews.answer(self._storage, resource.kind, who, aim.namespace, body)
            return answered(answer, 201)
        return await self._verb(verb)(request, resource, aim)

    def _creates(self, request: web.Request, resource: Resource, aim: Target) -> bool:
        """Whether it is a server-side apply of what is not there: that takes the right to create it, too."""
        if request.method != "PATCH" or request.content_type != requests.APPLY_PATCH or aim.subresource:
            return False
        return self._storage.peek(self._objects.key(resource, aim.namespace, aim.name)) is None

    def _verb(self, verb: str) -> Callable[[web.Request, Resource, Target], Awaitable[web.StreamResponse]]:
        return {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }[verb]

    async def _get(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        found = self._objects.existing(resource, aim.namespace, aim.name)
        return answered(reading.shower(request, resource, self._clock)(found))

    async def _list(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        return answered(self._listed(request, resource, aim))

    def _listed(self, request: web.Request, resource: Resource, aim: Target) -> Object:
        place = aim.namespace or None
        return reading.listed(request, self._storage, self._pages, self._clock, resource, place)

    async def _watch(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        watch = reading.watch(request, self._clock, resource, aim.namespace or None)
        return await watching.stream(request, self._storage, self._clock, watch)

    async def _create(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        if aim.name or (resource.namespaced and not aim.namespace):
            raise method_not_allowed()
        body = await requests.body(request)
        written = self._objects.create(resource, aim.namespace, body, requests.writing(request))
        return self._written(request, resource, written)

    async def _update(
        self, request: web.Request, resource: Resource, aim: Target, subresource: str = ""
    ) -> web.StreamResponse:
        body = await requests.body(request)
        how = requests.writing(request, subresource)
        written = self._objects.replace(resource, aim.namespace, aim.name, body, how)
        return self._written(request, resource, written)

    async def _patch(
        self, request: web.Request, resource: Resource, aim: Target, subresource: str = ""
    ) -> web.StreamResponse:
        how = requests.writing(request, subresource)
        place = (resource, aim.namespace, aim.name)
        if request.content_type == requests.APPLY_PATCH:
            written = self._objects.apply(*place, await requests.body(request), how)
        else:
            raw = await request.read()
            schemas = self._resources.schemas
            patch = patching.patch_function(schemas, resource, request.content_type, raw)
            text = patching.quoted(request.content_type, raw)
            written = self._objects.change(*place, patch, how, patch_text=text)
        return self._written(request, resource, written)

    async def _delete(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        how = await requests.deletion(request)
        written = delete(self._objects, resource, aim.namespace, aim.name, how)
        if not written.deleted:
            return answered(written.object)
        details = {"name": aim.name, "group": aim.group, "kind": aim.plural}
        details["uid"] = written.object["metadata"]["uid"]
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return answered({**status, "details": {key: value for key, value in details.items() if value}})

    async def _delete_collection(
        self, request: web.Request, resource: Resource, aim: Target
    ) -> web.StreamResponse:
        if aim.plural == "namespaces":
            raise method_not_allowed()
        how = await requests.deletion(request)
        listed = self._listed(request, resource, aim)
        for obj in list(listed["items"]):
            metadata = obj["metadata"]
            delete(self._objects, resource, metadata.get("namespace", ""), metadata["name"], how)
        return answered(listed)

    def _written(self, request: web.Request, resource: Resource, written: Written) -> web.StreamResponse:
        shown = reading.shower(request, resource, self._clock)(written.object)
        warnings = [f'299 - "{_quoted(warning)}"' for warning in written.warnings]
        return answered(shown, 201 if written.created else 200, warnings=warnings)

    async def _on_subresource(
        self, request: web.Request, resource: Resource, aim: Target
    ) -> web.StreamResponse:
        if aim.subresource not in (*resource.subresources, *NOT_RUN.get(resource.kind, ())):
            raise no_such_path()
        match aim.subresource, request.method:
            case ("status" | "ephemeralcontainers" | "finalize" | "scale", "GET"):
                found = self._objects.existing(resource, aim.namespace, aim.name)
                return answered(scaling.scale_of(found) if aim.subresource == "scale" else found)
            case "log", "GET":
                pod = self._objects.existing(resource, aim.namespace, aim.name)
                return await podlogs.answer(request, self._logs, self._clock, pod)
            case "scale", ("PUT" | "PATCH"):
                return await self._rescale(request, resource, aim)
            case (("status" | "finalize" | "ephemeralcontainers"), "PUT"):
                return await self._update(request, resource, aim, aim.subresource)
            case (("status" | "finalize" | "ephemeralcontainers"), "PATCH"):
                return await self._patch(request, resource, aim, aim.subresource)
            case (("attach" | "exec" | "portforward"), _):
                raise not_run(aim.subresource)
            case "eviction", "POST":
                return await self._evict(request, resource, aim)
            case "token", "POST":
                self._objects.existing(resource, aim.namespace, aim.name)
                body = await requests.body(request)
                asked = reviews.token(self._gate, self._clock, aim.namespace, aim.name, body)
                return answered(asked, 201)
        raise method_not_allowed()

    async def _rescale(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        patch: Callable[[Object], Object]
        if request.method == "PUT":
            wanted = await requests.body(request)
            patch = lambda _present: wanted  # noqa: E731
        else:
            raw, schemas = await request.read(), self._resources.schemas
            schema = scaling.schema(self._objects)
            patch = patching.patch_function(schemas, resource, request.content_type, raw, schema)
        place = (aim.namespace, aim.name)
        how = requests.writing(request, "scale")
        return answered(scaling.rescale(self._objects, resource, place, patch, how))

    async def _evict(self, request: web.Request, resource: Resource, aim: Target) -> web.StreamResponse:
        how = requests.deletion_of((await requests.body(request)).get("deleteOptions") or {}, request)
        eviction.check_budgets(self._storage, self._objects.existing(resource, aim.namespace, aim.name))
        delete(self._objects, resource, aim.namespace, aim.name, how)
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        return answered(status, 201)

    async def _about(self, request: web.Request, who: Identity) -> web.StreamResponse:
        """What the server says of itself: versions, health, discovery, schemas."""
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        self._gate.authorize(who, Attributes("get", path=request.path))
        path = request.path.rstrip("/")
        if path in discovery.HEALTH:
            verbose = "verbose" in request.query
            return web.Response(text=f"[+]ping ok\n{path[1:]} check passed\n" if verbose else "ok")
        if path == "/version":
            return answered(discovery.version_info())
        if path.startswith("/openapi/"):
            return await self._openapi(path)
        return self._discovered(request, path)

    def _discovered(self, request: web.Request, path: str) -> web.StreamResponse:
        parts = path.strip("/").split("/")
        resources = self._resources
        if parts in (["api"], ["apis"]):
            core = parts == ["api"]
            content_type = discovery.accepted_aggregate(request.headers.get("Accept", ""))
            if content_type is not None:
                found = discovery.aggregated(resources, content_type, core=core)
                return answered(found, content_type=content_type)
            return answered(
                discovery.core_versions(str(request.host)) if core else discovery.group_list(resources)
            )
        match parts:
            case ["api", "v1"]:
                return answered(discovery.resource_list(resources, "", "v1"))
            case ["apis", group] if resources.versions(group):
                return answered(discovery.group(resources, group))
            case ["apis", group, version] if resources.of_version(group, version):
                return answered(discovery.resource_list(resources, group, version))
            case ["apis", group, _] if resources.versions(group):
                raise no_such_path()
            case [""]:
                return answered({"paths": discovery.paths(resources)})
        raise PathUnknown

    async def _openapi(self, path: str) -> web.StreamResponse:
        if path == "/openapi/v2":
            kind = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            return web.Response(body=openapi.V2_PROTOBUF, headers={"Content-Type": kind})
        if path == "/openapi/v3":
            return answered(openapi.index(self._resources))
        match path.removeprefix("/openapi/v3/").split("/"):
            case ["api", version]:
                group = ""
            case ["apis", group, version]:
                pass
            case _:
                raise PathUnknown
        served = self._resources.of_version(group, version)
        if not served:
            raise PathUnknown
        if any(resource.custom for resource in served):
            return answered(openapi.document(self._resources, group, version))
        if path not in self._documents:
            self._documents[path] = await asyncio.to_thread(self._document, group, version)
        return web.Response(body=self._documents[path], content_type="application/json")

    def _document(self, group: str, version: str) -> bytes:
        return orjson.dumps(openapi.document(self._resources, group, version))


def answered(
    value: Object,
    status: int = 200,
    *,
    content_type: str = "application/json",
    warnings: list[str] | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A JSON answer."""
    response = web.Response(
        body=orjson.dumps(value),
        status=status,
        headers={"Content-Type": content_type, **(headers or {})},
    )
    for warning in warnings or []:
        response.headers.add("Warning", warning)
    return response


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@web.middleware
async def refusing_in_status(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn whatever still goes wrong into a Status 500, so that clients can show it."""
    try:
        return await handler(request)
    except (web.HTTPException, asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:
        request.app.logger.exception("the embedded API server failed on %s %s", request.method, request.path)
        status = internal(f"{type(error).__name__}: {error}")
        return answered(status.status, 500)
