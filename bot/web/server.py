"""The web server: health, metrics, pushes, and Telegram's updates when they come by webhook.

Who calls is checked before what is said is read: a webhook without its secret can't even be configured. What an
update means is left to whoever takes it.
"""

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bot.web.githosts import PATH, GitHosts
from bot.web.refusing import SLOWEST, Busy, busy, refused

log = structlog.get_logger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
LARGEST = 1024 * 1024
"""Bytes of a body after decompression."""
Check = Callable[[], Awaitable[str | None]]
"""Says in words why the bot is not ready, None when it is."""


class WebhookUnsafe(ValueError):
    """A webhook that strangers could use, or that nothing could reach."""


@dataclass(frozen=True)
class Webhook:
    """Where Telegram brings updates; `accept` returns once they are stored.

    Raises: WebhookUnsafe without a secret that Telegram would take (1 to 256 of A-Z a-z 0-9 _ -).
    """

    path: str
    secret: str
    accept: Callable[[Sequence[dict[str, Any]]], Awaitable[None]]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", self.secret):
            raise WebhookUnsafe(
                "telegram.webhook needs a secret of 1 to 256 letters, digits, _ or -: "
                "without it anybody could send commands"
            )
        if not self.path.startswith("/"):
            raise WebhookUnsafe(f"the webhook's path {self.path!r} has to begin with /")


class WebServer:
    """Listens while it is open: `async with WebServer("127.0.0.1", 8081, ready={...}) as server`."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        ready: Mapping[str, Check],
        webhook: Webhook | None = None,
        git_hosts: GitHosts | None = None,
        registry: CollectorRegistry = REGISTRY,
        slowest: float = SLOWEST,
    ) -> None:
        """`port` 0 takes a free one; `ready` names what has to work before the bot is."""
        self._host, self._port = host, port
        self._ready = ready
        self._webhook = webhook
        self._git_hosts = git_hosts
        self._registry = registry
        self._slowest = slowest
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """http://HOST:PORT, once it listens."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises: OSError when the port is taken.
        """
        app = web.Application(client_max_size=LARGEST)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._readiness)
        app.router.add_get("/metrics", self._metrics)
        if self._webhook is not None:
            app.router.add_post(self._webhook.path, self._telegram)
        if self._git_hosts is not None:
            app.router.add_post(PATH, self._git_hosts.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2, keepalive_timeout=30)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readiness(self, _: web.Request) -> web.Response:
        lines, is_ready = [], True
        for name, check in self._ready.items():
            try:
                async with asyncio.timeout(self._slowest):
                    trouble = await check()
            except Exception as error:
                log.exception("a readiness check failed", check=name)
                trouble = type(error).__name__
            is_ready = is_ready and trouble is None
            lines.append(f"{name}: {trouble or 'ok'}\n")
        return web.Response(text="".join(lines), status=200 if is_ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _telegram(self, request: web.Request) -> web.Response:
        assert self._webhook is not None
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._webhook.secret.encode()):
            return refused(request, 401)
        if (request.content_length or 0) > LARGEST:
            return refused(request, 413)
        try:
            async with asyncio.timeout(self._slowest):
                body = await request.read()
        except TimeoutError:
            return refused(request, 408)
        except web.HTTPRequestEntityTooLarge:
            return refused(request, 413)
        except web.RequestPayloadError:
            return refused(request, 400)
        return await self._taken(self._webhook, body)

    async def _taken(self, webhook: Webhook, body: bytes) -> web.Response:
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not isinstance(update, dict) or not _is_number(update.get("update_id")):
            return web.Response(status=400)
        try:
            await webhook.accept([update])
        except Busy:
            return busy()
        return web.Response()


def _is_number(found: Any) -> bool:
    """Whether it is an update's number: a positive one that a database can hold."""
    return isinstance(found, int) and not isinstance(found, bool) and 0 < found < 1 << 63
