"""Watches: changes of a resource as a stream of JSON lines, from a resource version on or with all first.

Selectors make their own sense of a change: an object that comes to match is ADDED, one that no longer does
is DELETED. A version that is no longer kept ends in an ERROR event with a Status 410, upon which clients
list anew.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.kubernetes.converting import viewed
from bot.sandbox.kubernetes.errors import gone
from bot.sandbox.kubernetes.resources import Resource
from bot.sandbox.kubernetes.storage import Change, Storage, VersionGone

Object = dict[str, Any]

BOOKMARK_EVERY = 60.0
"""Seconds between bookmarks of a quiet watch; a real server sends one about every minute."""

DEFAULT_TIMEOUT = 1800.0
"""Seconds after which a watch ends by itself; a real server takes 30 to 60 minutes."""


@dataclass(frozen=True)
class Watch:
    """What is watched and how it is told."""

    resource: Resource
    namespace: str | None
    matches: Callable[[Object], bool]
    since: int | None
    """Changes after this version; None: everything that is there first."""
    shown: Callable[[Object], Object]
    """The form in which objects are sent: whole, a Table or their metadata."""
    bookmarks: bool
    initial_bookmark: bool
    """Say by an annotated bookmark that all there was has been sent (`sendInitialEvents`)."""
    timeout: float


async def stream(request: web.Request, storage: Storage, clock: Clock, watch: Watch) -> web.StreamResponse:
    """Answer a watch until its time is up or the client leaves."""
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    )
    response.content_type = "application/json"
    await response.prepare(request)
    with suppress(ConnectionError):
        async for event in _events(storage, clock, watch):
            await response.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        await response.write_eof()
    return response


async def _events(storage: Storage, clock: Clock, watch: Watch) -> AsyncIterator[Object]:
    try:
        subscription = storage.changes(watch.since)
        with subscription as changes:
            if watch.since is None:
                resource = watch.resource
                for obj in storage.scan(resource.group, resource.plural, watch.namespace):
                    if watch.matches(obj):
                        yield _event("ADDED", watch, obj)
            if watch.initial_bookmark:
                yield _bookmark(watch, storage.version, last_initial=True)
            async for event in _live(storage, clock, watch, changes):
                yield event
    except VersionGone as error:
        yield {"type": "ERROR", "object": gone(f"too old resource version: {error}").status}


async def _live(
    storage: Storage, clock: Clock, watch: Watch, changes: AsyncIterator[Change]
) -> AsyncIterator[Object]:
    """The watch's events as they happen, until its time is up."""
    end = asyncio.ensure_future(clock.sleep(watch.timeout))
    pause = asyncio.ensure_future(clock.sleep(BOOKMARK_EVERY))
    following: asyncio.Future[Change] = asyncio.ensure_future(anext(changes))
    try:
        while True:
            waiting_for: set[asyncio.Future[Any]] = {end, pause, following}
            await asyncio.wait(waiting_for, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                event = _seen(watch, following.result())
                following = asyncio.ensure_future(anext(changes))
                if event is not None:
                    yield event
                continue
            if end.done():
                return
            pause = asyncio.ensure_future(clock.sleep(BOOKMARK_EVERY))
            if watch.bookmarks:
                yield _bookmark(watch, storage.version)
    finally:
        for waiting in (end, pause, following):
            waiting.cancel()
        await asyncio.gather(end, pause, following, return_exceptions=True)


def _seen(watch: Watch, change: Change) -> Object | None:
    """The change as this watch sees it; None when it does not concern it."""
    key, resource = change.key, watch.resource
    if (key.group, key.resource) != (resource.group, resource.plural):
        return None
    if watch.namespace is not None and key.namespace != watch.namespace:
        return None
    before = change.previous is not None and watch.matches(change.previous)
    after = change.type != "DELETED" and watch.matches(change.object)
    if not before and not after:
        return None
    kind = "DELETED" if not after else "MODIFIED" if before else "ADDED"
    return _event(kind, watch, change.object)


def _event(kind: str, watch: Watch, obj: Object) -> Object:
    return {"type": kind, "object": watch.shown(viewed(watch.resource, obj))}


def _bookmark(watch: Watch, version: int, *, last_initial: bool = False) -> Object:
    metadata: Object = {"resourceVersion": str(version), "creationTimestamp": None}
    if last_initial:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    resource = watch.resource
    bare = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
    return {"type": "BOOKMARK", "object": bare}
