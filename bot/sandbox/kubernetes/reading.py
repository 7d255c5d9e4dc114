"""Reading objects: get, list with selectors and pages, and the forms in which a client may want them."""

import base64
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.kubernetes import requests, tables
from bot.sandbox.kubernetes.converting import viewed
from bot.sandbox.kubernetes.errors import bad_request, gone
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.selectors import Matches, field_selector, label_selector
from bot.sandbox.kubernetes.storage import Storage
from bot.sandbox.kubernetes.watching import DEFAULT_TIMEOUT, Watch

Object = dict[str, Any]


def form(request: web.Request) -> str:
    """How the client wants objects: `Table`, `PartialObjectMetadata` (and its List), or "" for whole."""
    for wanted in request.headers.get("Accept", "").split(","):
        parameters = dict(part.strip().partition("=")[::2] for part in wanted.split(";"))
        if parameters.get("as") in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList"):
            return str(parameters["as"])
        if "application/json" in parameters or "*/*" in parameters:
            return ""
    return ""


def shower(
    request: web.Request, resource: Resource, clock: Clock, *, watched: bool = False
) -> Callable[[Object], Object]:
    """What makes of one object the form that the client wants; a watch's Table has columns only once."""
    wanted = form(request)
    include = request.query.get("includeObject", "Metadata")
    if wanted == "Table":
        sent = False

        def as_table(obj: Object) -> Object:
            nonlocal sent
            table = tables.table(resource, [obj], clock.now(), include=include, header=not (watched and sent))
            sent = True
            return table

        return as_table
    return tables.partial if wanted.startswith("PartialObjectMetadata") else _whole


def _whole(obj: Object) -> Object:
    return obj


def selection(request: web.Request, name: str = "") -> Matches:
    """What the query's selectors (and the object's name, in a watch of one) match."""
    labels = label_selector(request.query.get("labelSelector", ""))
    fields = field_selector(request.query.get("fieldSelector", ""))
    return lambda obj: (not name or obj["metadata"]["name"] == name) and labels(obj) and fields(obj)


def listed(
    request: web.Request, storage: Storage, clock: Clock, resource: Resource, namespace: str | None
) -> Object:
    """The answer to a list: one page of it when `limit` asks for less than there is."""
    matches = selection(request)
    found = [obj for obj in storage.scan(resource.group, resource.plural, namespace) if matches(obj)]
    limit, token = requests.number(request, "limit"), request.query.get("continue", "")
    start = _position(token, storage) if token else 0
    page = found[start : start + limit] if limit else found[start:]
    metadata: Object = {"resourceVersion": str(storage.version)}
    left = len(found) - start - len(page)
    if left > 0:
        metadata["continue"] = _token(start + len(page), storage.version)
        metadata["remainingItemCount"] = left
    items = [viewed(resource, obj) for obj in page]
    wanted = form(request)
    if wanted == "Table":
        include = request.query.get("includeObject", "Metadata")
        return {**tables.table(resource, items, clock.now(), include=include), "metadata": metadata}
    if wanted.startswith("PartialObjectMetadata"):
        kind = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return {**kind, "metadata": metadata, "items": [tables.partial(obj) for obj in items]}
    kind = {"kind": resource.list_kind, "apiVersion": resource.api_version}
    return {**kind, "metadata": metadata, "items": items if resource.custom else list(map(_bare, items))}


def _bare(obj: Object) -> Object:
    """An item of a list, which says for all of them what they are."""
    return {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}


def _token(position: int, version: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"start": position, "rv": version}).encode()).decode()


def _position(token: str, storage: Storage) -> int:
    """Where a list goes on. Pages are of the present state; a token too old answers 410, as etcd would.

    Raises: ApiError 400, 410.
    """
    try:
        told = json.loads(base64.urlsafe_b64decode(token))
        position, version = int(told["start"]), int(told["rv"])
    except (ValueError, KeyError, TypeError):
        raise bad_request("continue key is not valid") from None
    if storage.version - version > 1000:
        raise gone("The provided continue parameter is too old to display a consistent list result.")
    return position


def watch(request: web.Request, clock: Clock, resource: Resource, namespace: str | None, name: str) -> Watch:
    """What a watch request asks for.

    Raises: ApiError 400 for a resource version that is none.
    """
    version = requests.number(request, "resourceVersion")
    initial = requests.flag(request, "sendInitialEvents")
    timeout = requests.number(request, "timeoutSeconds")
    return Watch(
        resource,
        namespace,
        selection(request, name),
        None if initial or not version else version,
        shower(request, resource, clock, watched=True),
        requests.flag(request, "allowWatchBookmarks"),
        initial,
        float(timeout) if timeout else DEFAULT_TIMEOUT,
    )
