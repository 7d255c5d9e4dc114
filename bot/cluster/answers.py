"""What an API server's answers are made of: the shapes that the API documents, and nothing else.

Behind a cluster's address there may be anything: a proxy's page, another service, somebody who pretends. What has
not the shape it should have is told as "no Kubernetes API" and goes no further.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.cluster.errors import ClusterUnreachable

NO_API = "what answers at the cluster's address is no Kubernetes API"

_LARGE = 64 << 10
"""Bytes of JSON that are parsed in a thread: about a millisecond's worth."""


async def parsed(body: bytes, hook: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> Any:
    """JSON, large bodies off the loop; `hook` sees each object as it is read.

    Raises: ClusterUnreachable when it is no JSON object (a proxy's page, most often).
    """
    try:
        if len(body) > _LARGE:
            found = await asyncio.to_thread(json.loads, body, object_hook=hook)
        else:
            found = json.loads(body, object_hook=hook)
    except (ValueError, RecursionError) as error:
        raise ClusterUnreachable(NO_API) from error
    if not isinstance(found, dict):
        raise ClusterUnreachable(NO_API)
    return found


@contextlib.contextmanager
def kubernetes_words() -> Iterator[None]:
    """Around reading an answer whose shape the API documents.

    Raises: ClusterUnreachable where it has another: whoever answers so is no API server.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        raise ClusterUnreachable(NO_API) from error


def objects_in(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objects of a list, each with metadata and a name.

    Raises: ClusterUnreachable when they are none.
    """
    items = page.get("items") or []
    if not isinstance(items, list) or not all(map(_is_object, items)):
        raise ClusterUnreachable(NO_API)
    return items


def changed_in(line: bytes) -> tuple[str, dict[str, Any]]:
    """Kind and object of one line of a watch.

    Raises: ValueError when it is no event.
    """
    try:
        event = json.loads(line)
        kind, item = event["type"], event["object"]
        if kind == "ERROR":
            return kind, dict(item)
        named = ("resourceVersion",) if kind == "BOOKMARK" else ("resourceVersion", "name", "uid")
        if isinstance(kind, str) and all(isinstance(item["metadata"][each], str) for each in named):
            return kind, item
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("an event of another shape") from error
    raise ValueError("an event that is none of Kubernetes'")


def _is_object(found: Any) -> bool:
    metadata = found.get("metadata") if isinstance(found, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)
