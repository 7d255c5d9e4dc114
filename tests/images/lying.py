"""Registries that answer whatever a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.images.access import Credentials, ServerAccess
from bot.images.registry import Registries

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


DIGEST = "sha256:" + "a" * 64


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers everything with `handler`; yields host and port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def with_password(host: str) -> Registries:
    return Registries({host: ServerAccess(Credentials("ci", lambda: "s3cret"))})
