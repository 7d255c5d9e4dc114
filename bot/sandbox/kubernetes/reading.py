"""Reading objects: get, list with selectors and pages, and the forms in which a client may want them."""

import base64
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.kubernetes import requests, tables
from bot.sandbox.kubernetes.converting import viewed
from bot.sandbox.kubernetes.errors import ApiError, Subject, bad_request, gone, invalid
from bot.sandbox.kubernetes.naming import forbidden_field
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.selectors import Matches, field_selector, label_selector
from bot.sandbox.kubernetes.storage import Storage
from bot.sandbox.kubernetes.watching import DEFAULT_TIMEOUT, Watch

Object = dict[str, Any]


KEPT_LISTS = 200
"""How many lists may be in the middle of being read."""
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)


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


def selection(request: web.Request, resource: Resource) -> Matches:
    """What the query's selectors match."""
    labels = label_selector(request.query.get("labelSelector", ""))
    fields = field_selector(resource.kind, request.query.get("fieldSelector", ""), resource.selectable)
    return lambda obj: labels(obj) and fields(obj)


class Pages:
    """Lists that are read page by page: each goes on from what there was when it began."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[int, list[Object]]] = {}
        """By token: at what version it began, and what is left of it."""

    def page(
        self, found: list[Object], version: int, limit: int | None, token: str
    ) -> tuple[list[Object], int, str, int]:
        """A page, its version, the token of the rest ("" when there is none) and how much that is.

        Raises: ApiError 400 for a token that is none, 410 for one that is too old.
        """
        if token:
            version, found = self._rest(token)
        page = found[:limit] if limit else found
        left = found[len(page) :]
        if not left:
            return page, version, "", 0
        following = base64.urlsafe_b64encode(f"{version}:{secrets.token_hex(8)}".encode()).decode()
        self._begun[following] = (version, left)
        while len(self._begun) > KEPT_LISTS:
            del self._begun[next(iter(self._begun))]
        return page, version, following, len(left)

    def _rest(self, token: str) -> tuple[int, list[Object]]:
        found = self._begun.get(token)
        if found is not None:
            return found
        try:
            int(base64.urlsafe_b64decode(token).decode().partition(":")[0])
        except ValueError:
            raise bad_request("invalid continue token: continue key is not valid") from None
        raise gone(TOO_OLD)


def listed(
    request: web.Request,
    storage: Storage,
    pages: Pages,
    clock: Clock,
    resource: Resource,
    namespace: str | None,
) -> Object:
    """The answer to a list: one page of it when `limit` asks for less than there is."""
    matches = selection(request, resource)
    found = [obj for obj in storage.scan(resource.group, resource.plural, namespace) if matches(obj)]
    limit, token = requests.number(request, "limit"), request.query.get("continue", "")
    page, version, following, left = pages.page(found, storage.version, limit, token)
    metadata: Object = {"resourceVersion": str(version)}
    if following:
        metadata["continue"] = following
        if not (request.query.get("labelSelector") or request.query.get("fieldSelector")):
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


def watch(request: web.Request, clock: Clock, resource: Resource, namespace: str | None) -> Watch:
    """What a watch request asks for.

    Raises: ApiError 500 for a resource version that is none, 422 for initial events of no state.
    """
    version = _version(request.query.get("resourceVersion", ""))
    initial = requests.flag(request, "sendInitialEvents")
    if "sendInitialEvents" in request.query and not request.query.get("resourceVersionMatch"):
        words = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        cause = forbidden_field("resourceVersionMatch", words)
        raise invalid(Subject("meta.k8s.io", "", "ListOptions"), [cause])
    timeout = requests.number(request, "timeoutSeconds")
    return Watch(
        resource,
        namespace,
        selection(request, resource),
        None if initial or not version else version,
        shower(request, resource, clock, watched=True),
        requests.flag(request, "allowWatchBookmarks"),
        initial,
        float(timeout) if timeout else DEFAULT_TIMEOUT,
    )


def _version(text: str) -> int:
    if text and not text.isdecimal():
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise ApiError(500, "", f'resourceVersion: Invalid value: "{text}": {why}')
    return int(text or 0)
