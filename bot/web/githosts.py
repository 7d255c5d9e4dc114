"""Where git hosts tell of pushes: `POST /webhooks/<name>`, a webhook of the configuration each.

That a call is genuine is checked over its raw bytes, before anything of it is parsed. What a push means is left to
whoever takes it, and what it is to bring about is stored when the host has its answer.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog
from aiohttp import web

from bot.clock import Clock
from bot.commands.pushes import Answer
from bot.config import GitWebhook, SecretMissing
from bot.web.refusing import SLOWEST, Busy, busy, refused
from bot.webhooks.hosts import HOSTS, Host
from bot.webhooks.push import Push, PushUnreadable

log = structlog.get_logger(__name__)

PATH = "/webhooks/{name}"

LARGEST = 4 * 1024 * 1024
"""Bytes of a body: a push of 2,048 commits, as many as GitHub tells of, takes some two million."""
MOST = 8 * LARGEST
"""Bytes of bodies that are held at once before anybody knows who sent them."""

Take = Callable[[GitWebhook, Push, Sequence[str]], Awaitable[Answer]]


class _TooLarge(Exception):
    """The body is larger than any that is taken."""


class GitHosts:
    """Answers the calls of git hosts."""

    def __init__(
        self,
        webhooks: Callable[[], Mapping[str, GitWebhook]],
        take: Take,
        hide: Callable[[Iterable[str]], None],
        clock: Clock,
        *,
        slowest: float = SLOWEST,
        largest: int = LARGEST,
        most: int = MOST,
    ) -> None:
        """`webhooks` are those in force, `hide` is told each secret that is read: its file may be another by now."""
        self._webhooks = webhooks
        self._take = take
        self._hide = hide
        self._clock = clock
        self._slowest, self._largest, self._most = slowest, largest, most
        self._held = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call. Who made it up is told nothing, not even which webhooks there are."""
        webhook = self._webhooks().get(request.match_info["name"])
        secret = self._secret(webhook) if webhook is not None else ""
        if webhook is None or not secret:
            return refused(request, 401)
        host = HOSTS[webhook.host]
        if not host.may_be_genuine(request.headers, secret):
            return refused(request, 401)
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return refused(request, 415)
        if (request.content_length or 0) > self._largest:
            return refused(request, 413)
        try:
            return await self._bounded(request, webhook, host, secret)
        except TimeoutError:
            return refused(request, 408)
        except _TooLarge:
            return refused(request, 413)
        except web.RequestPayloadError:
            return refused(request, 400)
        except Busy:
            return busy()

    def _secret(self, webhook: GitWebhook) -> str:
        try:
            secret = webhook.secret.read()
        except SecretMissing as missing:
            log.warning("a webhook's secret can't be read", webhook=webhook.name, why=str(missing))
            return ""
        self._hide([secret])
        return secret

    async def _bounded(
        self, request: web.Request, webhook: GitWebhook, host: Host, secret: str
    ) -> web.Response:
        body = bytearray()
        try:
            async with asyncio.timeout(self._slowest):
                async for chunk in request.content.iter_any():
                    body += chunk
                    self._held += len(chunk)
                    if len(body) > self._largest:
                        raise _TooLarge
                    if self._held > self._most:
                        raise Busy
            raw = bytes(body)
            if not host.is_genuine(request.headers, raw, secret, self._clock.now().timestamp()):
                return refused(request, 401)
            return await self._heard(request, webhook, host, raw)
        finally:
            self._held -= len(body)

    async def _heard(
        self, request: web.Request, webhook: GitWebhook, host: Host, body: bytes
    ) -> web.Response:
        event = host.event(request.headers)
        if event != "push":
            return web.Response(text="pong" if event == "ping" else "Only pushes are acted on")
        if request.content_type != "application/json":
            return refused(request, 415, "Choose application/json as the content type")
        try:
            payload = await asyncio.to_thread(json.loads, body)  # the largest takes longer than the loop may
            if not isinstance(payload, dict):
                raise PushUnreadable("it is no object")
            push = host.push(payload)
        except PushUnreadable as unreadable:
            return refused(request, 400, f"No push can be read: {unreadable}")
        except (ValueError, RecursionError):
            return refused(request, 400, "No push can be read: it is no JSON")
        return await self._answered(webhook, push, host.names(request.headers, body))

    async def _answered(self, webhook: GitWebhook, push: Push, names: Sequence[str]) -> web.Response:
        try:
            answer = await self._take(webhook, push, names)
        except Busy:
            raise
        except Exception:
            log.exception("a push was not taken", webhook=webhook.name)
            return busy()
        told = {"webhook": webhook.name, "ref": push.ref, "commit": push.after, "by": push.by}
        log.info("a push was told of", **told, status=answer.status, words=answer.words)
        return web.Response(status=answer.status, text=answer.words)
