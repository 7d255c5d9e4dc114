"""Reading what the page sends, and writing what it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.page.guard import Refused


async def body(request: web.Request) -> Mapping[str, Any]:
    """The JSON object that was sent. Raises: Refused."""
    try:
        given = await request.json()
    except ValueError:
        raise Refused(400, "The body is no JSON") from None
    if not isinstance(given, Mapping):
        raise Refused(400, "The body is no JSON object")
    return given


def text(given: Mapping[str, Any], name: str) -> str:
    """A text of it. Raises: Refused."""
    value = given.get(name)
    if not isinstance(value, str):
        raise Refused(400, f"{name} is a text")
    return value


def number(given: Mapping[str, Any], name: str) -> int:
    """A whole number of it. Raises: Refused."""
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(400, f"{name} is a whole number")
    return value


def number_or_none(given: Mapping[str, Any], name: str) -> int | None:
    """A whole number of it, None where it is null or missing. Raises: Refused."""
    return None if given.get(name) is None else number(given, name)


def line(event: Mapping[str, Any]) -> bytes:
    """An event of a stream."""
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
