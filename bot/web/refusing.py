"""How a call is refused: with a status, a line of the log, and no byte more of its body."""

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

SLOWEST = 10.0
"""Seconds within which a body has to arrive."""


class Busy(Exception):
    """Raised by who takes what a call brings when the sender should try again later."""


def refused(request: web.Request, status: int, words: str = "") -> web.Response:
    """Refuse without reading the rest of the body; the connection is closed."""
    response = web.Response(status=status, text=words or None)
    response.force_close()
    log.warning("a webhook call was refused", status=status, sender=request.remote, words=words)
    return response


def busy() -> web.Response:
    """Have the sender try again later."""
    return web.Response(status=503, headers={"Retry-After": "2"})
