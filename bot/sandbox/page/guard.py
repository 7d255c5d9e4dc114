"""Who may talk to the page: this machine's own browser on this page, and nothing that another site sends it.

It listens on loopback alone. Other sites reach that too, through the visitor's browser: by a name that they let
point there (DNS rebinding), or by posting to it. Hence the Host that is asked for must be a name of loopback, what
changes something must be JSON, and come from the page itself where the browser says where it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from yarl import URL

from bot.sandbox.hands import NotAsTold
from bot.sandbox.process import BotEnded
from bot.sandbox.telegram import Impossible

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NAMES: Final = frozenset(["127.0.0.1", "localhost", "::1"])
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer says, unless its handler says otherwise."""


class Refused(Exception):
    """The request is not answered with what it asks for."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through what the page's own browser sends; an error is JSON with its words."""
    try:
        _check(request)
        return await handler(request)
    except Refused as error:
        return _refusal(error.status, str(error))
    except (Impossible, NotAsTold, BotEnded) as error:
        return _refusal(409, str(error))
    except web.HTTPException as error:
        return _refusal(error.status, error.reason)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer that is about to be sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _check(request: web.Request) -> None:
    """Raises: Refused."""
    if _host(f"http://{request.host}") is None:
        raise Refused(421, "This page is asked for by the name of this machine: 127.0.0.1 or localhost")
    if request.method in ("GET", "HEAD"):
        return
    if request.content_type != "application/json":
        raise Refused(415, "Send application/json")
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"http://{request.host}".lower():
        raise Refused(403, "Only this page itself may do that")


def _host(url: str) -> str | None:
    """Its host, where that is a name of loopback."""
    try:
        host = URL(url).host
    except ValueError:
        return None
    return host if host in _NAMES else None


def _refusal(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=json.dumps({"error": words}), content_type="application/json")
