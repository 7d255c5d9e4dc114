"""Watches that do not end: they reconnect, list anew when their place is lost, and say so.

After the first list and after each later one the caller has seen an ADDED, MODIFIED or DELETED for every
difference and then a SYNCED, so it never has to compare by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import aiohttp

from bot.clock import Clock
from bot.cluster.answers import changed_in
from bot.cluster.connection import Connection, Request, unreachable
from bot.cluster.errors import ClusterRefused, ClusterUnreachable

Change = Literal["ADDED", "MODIFIED", "DELETED", "SYNCED", "LOST", "BACK"]

_HOLD = 60
"""Seconds that the server holds one watch request. A dead connection shows no sooner than that, and asking
again from the same place costs a round trip."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0

_GONE = 410


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change; `object` is raw JSON. SYNCED and BACK carry {}, LOST {"words": why}.

    Between LOST and BACK changes are late; what was missed follows after BACK. Another LOST between them has another
    reason.
    """

    type: Change
    object: dict[str, Any]


class Gone(Exception):
    """The server no longer knows the place from which to go on."""


async def watching(
    connection: Connection,
    request: Request,
    listed: Callable[[], Awaitable[tuple[list[dict[str, Any]], str]]],
    clock: Clock,
    kept: Callable[[dict[str, Any]], dict[str, Any]],
) -> AsyncGenerator[WatchEvent, None]:
    """All objects, then their changes, without end.

    `request` is that of the list; `listed` gives the objects and their resourceVersion, `kept` what of a changed
    object is told.

    Raises: ClusterRefused when the server refuses for good (rights, an unknown kind).
    """
    known: dict[str, dict[str, Any]] = {}
    place, pause, lost = "", 0.0, ""
    while True:
        try:
            if not place:
                items, place = await listed()
                for event in _differences(known, items):
                    yield event
                yield WatchEvent("SYNCED", {})
            async with contextlib.aclosing(_held(connection, request, place)) as changes:
                async for kind, changed in changes:
                    if kind == "OPEN":
                        if lost:
                            lost = ""
                            yield WatchEvent("BACK", {})
                        continue
                    place = changed["metadata"]["resourceVersion"]
                    pause = 0.0
                    if kind != "BOOKMARK":
                        item = kept(changed)
                        _remember(known, kind, item)
                        yield WatchEvent(kind, item)  # type: ignore[arg-type]  # the API sends no other words
        except (Gone, ClusterRefused) as error:
            if isinstance(error, ClusterRefused) and error.code != _GONE:
                raise
            place = ""
        except ClusterUnreachable as error:
            if error.words != lost:  # told anew when the reason is another
                lost = error.words
                yield WatchEvent("LOST", {"words": error.words})
        else:  # its time was up
            continue
        # Also after a place that is gone: a server that forgets each at once would be listed without a break.
        pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, pause * 2))
        await clock.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311


async def _held(
    connection: Connection, request: Request, place: str
) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
    """One watch request until the server ends it; the first event is an OPEN of ours."""
    asked = {
        **(request.query or {}),
        "watch": "true",
        "resourceVersion": place,
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(_HOLD),
    }
    began = asyncio.get_running_loop().time()
    try:
        async with connection.stream(replace(request, query=asked), total=_HOLD + 15.0) as stream:
            yield "OPEN", {}
            async for line in lines(stream):
                kind, changed = changed_in(line)
                if kind == "ERROR":
                    raise _watch_error(changed)
                yield kind, changed
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreachable(error, connection.access) from error
    except ValueError as error:
        raise ClusterUnreachable("the cluster's watch broke off in the middle of an event") from error
    if asyncio.get_running_loop().time() - began < 1.0:
        # A server or proxy that ends every watch at once would otherwise be asked in a tight loop.
        raise ClusterUnreachable("the cluster ends watches as soon as they begin")


async def lines(stream: aiohttp.StreamReader, longest: int = 16 << 20) -> AsyncIterator[bytes]:
    """The lines of a stream without their ends; aiohttp's own reader gives up on long ones.

    Raises: ValueError for a line longer than `longest` bytes.
    """
    rest = bytearray()
    async for chunk in stream.iter_any():
        rest += chunk
        *whole, last = rest.split(b"\n")
        for line in whole:
            if line.strip():
                yield bytes(line)
        if len(last) > longest:
            raise ValueError("a line is longer than any object of Kubernetes")
        rest = last
    if rest.strip():
        yield bytes(rest)


def _watch_error(status: Mapping[str, Any]) -> Exception:
    if status.get("code") == _GONE:
        return Gone()
    return ClusterUnreachable(str(status.get("message") or "the cluster broke the watch off"))


def _differences(known: dict[str, dict[str, Any]], items: list[dict[str, Any]]) -> list[WatchEvent]:
    """What changed between what the caller knows and a new list; brings `known` up to date."""
    events = []
    listed = {item["metadata"]["uid"]: item for item in items}
    for uid in known.keys() - listed.keys():
        events.append(WatchEvent("DELETED", known.pop(uid)))
    for uid, item in listed.items():
        before = known.get(uid)
        if before is None:
            events.append(WatchEvent("ADDED", item))
        elif before["metadata"].get("resourceVersion") != item["metadata"].get("resourceVersion"):
            events.append(WatchEvent("MODIFIED", item))
        known[uid] = _short(item)
    return events


def _remember(known: dict[str, dict[str, Any]], kind: str, item: dict[str, Any]) -> None:
    uid = item["metadata"]["uid"]
    if kind == "DELETED":
        known.pop(uid, None)
    else:
        known[uid] = _short(item)


def _short(item: Mapping[str, Any]) -> dict[str, Any]:
    """Enough of an object to say later which one is gone."""
    metadata = item["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "labels", "ownerReferences")
    return {
        "apiVersion": item.get("apiVersion"),
        "kind": item.get("kind"),
        "metadata": {key: metadata[key] for key in kept if key in metadata},
    }
