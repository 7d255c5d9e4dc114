"""The HTTP front of the embedded Bot API: /bot<token>/<method> and /file/bot<token>/<path>.

Owns the sockets and the webhook's delivery task. What the methods do is in methods/, what they do it to in
state.py; people act through `world`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from inspect import isawaitable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.sandbox.telegram.chats import User
from bot.sandbox.telegram.errors import Refusal, bad
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.telegram.methods import METHODS, Call, Described
from bot.sandbox.telegram.parameters import Parameters, as_integer, read
from bot.sandbox.telegram.state import State
from bot.sandbox.telegram.webhooks import Deliveries
from bot.sandbox.telegram.world import World

_OVERHEAD = 1024 * 1024  # what a multipart body has around its file


class TelegramServer:
    """An in-memory Telegram for one bot: `async with TelegramServer("1:secret") as telegram: …`."""

    def __init__(
        self,
        token: str,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        username: str = "pilothouse_bot",
        first_name: str = "Pilothouse",
        privacy: bool = True,
        insecure_webhooks: bool = True,
    ) -> None:
        """`token` is `<bot id>:<secret>`. `insecure_webhooks` takes http:// webhooks at any port."""
        bot = User(as_integer(token.split(":", 1)[0]), first_name, username, is_bot=True)
        self.state = State(
            bot,
            token,
            clock or SystemClock(),
            limits or Limits(),
            privacy=privacy,
            insecure_webhooks=insecure_webhooks,
        )
        self.world = World(self.state)
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._deliveries: asyncio.Task[None] | None = None
        self._transports: set[asyncio.Transport] = set()
        self.state.faults.on_down.append(self._drop_connections)

    @property
    def url(self) -> str:
        """http://HOST:PORT, once the server is open."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=self.state.limits.upload_bytes + _OVERHEAD)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        self._deliveries = asyncio.create_task(Deliveries(self.state, self._execute).run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._deliveries is not None:
            self._deliveries.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._deliveries
        self._drop_connections()
        if self._runner is not None:
            await self._runner.cleanup()

    def _drop_connections(self) -> None:
        for transport in list(self._transports):
            transport.abort()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        if transport is None or self.state.faults.down:
            if transport is not None:
                transport.abort()
            return web.Response(status=503)
        self._transports.add(transport)
        try:
            return await self._routed(request)
        except Refusal as refusal:
            return _refused(refusal)
        except web.HTTPRequestEntityTooLarge:
            return _refused(Refusal(413, "Request Entity Too Large"))
        finally:
            self._transports.discard(transport)

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("GET", "POST"):
            raise Refusal(501, "Unsupported HTTP method")
        front, _, rest = request.path.removeprefix("/").partition("/")
        if front == "file":
            token, slash, path = rest.partition("/")
            self._check_token(token, slash)
            return self._file(path)
        self._check_token(front, "/" if request.path.count("/") > 1 else "")
        parameters = await read(request, most=self.state.limits.upload_bytes + _OVERHEAD)
        name = rest or parameters.text("method")
        result = await self._run(name, parameters)
        return _succeeded(result)

    def _check_token(self, part: str, slash: str) -> None:
        if not part.startswith("bot") or not slash:
            raise Refusal(404, "Not Found")
        token = part.removeprefix("bot")
        number, colon, _ = token.partition(":")
        if token.startswith("0") or len(token) > 80 or not colon:
            raise Refusal(401, "Unauthorized: invalid token specified")
        if not number.isdigit():
            raise Refusal(421, "Misdirected Request: unallowed token specified")
        if token != self.state.token:
            raise Refusal(401, "Unauthorized")

    async def _run(self, name: str, parameters: Parameters) -> object:
        handler = METHODS.get(name.lower())
        if handler is None:
            raise Refusal(404, "Not Found: method not found")
        self.state.faults.check(name)
        if parameters.text("business_connection_id"):
            raise bad("business connection not found")
        result = handler(Call(self.state, parameters))
        return await result if isawaitable(result) else result

    async def _execute(self, name: str, parameters: Parameters) -> None:
        with contextlib.suppress(Refusal):
            await self._run(name, parameters)

    def _file(self, path: str) -> web.Response:
        for file in self.state.files.values():
            if file.path == path:
                return web.Response(body=file.content, content_type="application/octet-stream")
        raise Refusal(404, "Not Found")


def _succeeded(result: object) -> web.Response:
    body: dict[str, object] = {"ok": True}
    if isinstance(result, Described):
        body |= {"result": result.result, "description": result.description}
    else:
        body["result"] = result
    return web.json_response(body)


def _refused(refusal: Refusal) -> web.Response:
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    text = json.dumps(refusal.body())
    return web.Response(text=text, status=refusal.code, headers=headers, content_type="application/json")
