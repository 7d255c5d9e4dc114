"""The page's server: its files, what happens as a stream, and what people do there."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.cast import Unknown
from bot.sandbox.page.audience import Audience, Ended, Event
from bot.sandbox.page.bodies import body, line, number, number_or_none, text
from bot.sandbox.page.files import served
from bot.sandbox.page.guard import Refused, add_headers, guarded
from bot.sandbox.page.sight import JSON, Sight
from bot.sandbox.page.switches import Bot, Switches, switches_of
from bot.sandbox.page.truth import Truth
from bot.sandbox.telegram import Change
from bot.sandbox.world import World

STATIC: Final = Path(__file__).parent / "static"
HOST: Final = "127.0.0.1"
PORT: Final = 8080
_LARGEST: Final = 64 * 1024
"""Bytes of what a person sends."""
_ANSWERED_WITHIN: Final = 15.0
"""Seconds for which a pressed button waits, as in Telegram's apps."""
_HEARTBEAT: Final = 15.0
"""Seconds after which a stream on which nothing happened shows that it is open."""
_ONLOOKERS: Final = 100
"""Streams at a time."""


class PortTaken(OSError):
    """Another program listens where the page was to be."""


def bound(port: int) -> socket.socket:
    """This machine's port (0: a free one), kept for a page that is opened later; close it where none is.

    Raises: PortTaken.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(
            f"Port {port} is taken by another program; give the page another one with --port"
        ) from None


def address_of(listener: socket.socket) -> str:
    """Where the page is, or will be: a browser that opens it before waits until it is."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


class Page:
    """The chat page of a sandbox: `async with Page(world, bot, bound(8080), clock) as page`, then open `page.url`."""

    def __init__(self, world: World, bot: Bot, listener: socket.socket, clock: Clock) -> None:
        """`listener` is what `bound` gave; the page owns it from when it is open."""
        self._world, self._bot, self._listener = world, bot, listener
        self._telegram = world.servers.telegram.world
        self._audience = Audience()
        self._truth = Truth(world.config, world.pods, clock)
        self._switches = Switches(switches_of(world, bot, world.config), self._tell)
        self._run = secrets.token_hex(8)
        """Tells this start of the sandbox from others, whose messages had the same ids."""
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        """Where it is."""
        return address_of(self._listener)

    async def __aenter__(self) -> Self:
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, self._listener).start()
        self._bot.on_up = self._tell_of_bot
        following = asyncio.create_task(self._follow(), name="sandbox page")
        self._stack.push_async_callback(_ended, following)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bot.on_up = None
        self._audience.end()
        await self._stack.aclose()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST, middlewares=[guarded])
        app.on_response_prepare.append(add_headers)
        app.add_routes(
            [
                web.get("/", self._index),
                web.static("/static", STATIC),
                web.get("/api/world", self._see),
                web.get("/api/events", self._stream),
                web.get("/api/menu", self._menu),
                web.get("/api/file/{unique_id}", self._file),
                web.post("/api/say", self._say),
                web.post("/api/press", self._press),
                web.post("/api/switch", self._switch),
            ]
        )
        return app

    # What is told

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_chats(), name="sandbox page's chats")
            group.create_task(self._truth.follow(self._audience.tell), name="sandbox page's truth")

    async def _follow_chats(self) -> None:
        with self._telegram.changes() as changes:
            async for change in changes:
                self._audience.tell(change)

    def _tell(self, event: JSON) -> None:
        """Tell how the switches stand; one of them may have taken a cluster away."""
        self._audience.tell(event)
        self._truth.touch()

    def _tell_of_bot(self, up: bool) -> None:
        self._audience.tell({"type": "bot", "up": up})

    # What is asked

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _see(self, request: web.Request) -> web.Response:
        sight = self._sight(request.query.get("as", ""))
        bot = self._telegram.bot
        return web.json_response(
            {
                "run": self._run,
                "me": sight.person.key,
                "bot": {"id": bot.id, "name": bot.first_name, "username": bot.username},
                "people": [self._person(key) for key in self._world.cast.people],
                "chats": sight.chats(),
            }
        )

    def _person(self, key: str) -> JSON:
        person = self._world.cast.person(key)
        roles = [each.role for each in self._world.config.bindings if {key, person.id} & {*each.people}]
        return {"key": key, "id": person.id, "name": person.name, "role": ", ".join(dict.fromkeys(roles))}

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Everything that happens, as server-sent events, until the page or its reader goes."""
        sight = self._sight(request.query.get("as", ""))
        if len(self._audience) >= _ONLOOKERS:
            raise Refused(503, "Too many pages are open")
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        with self._audience.joined() as mailbox:
            await response.prepare(request)
            try:
                for event in self._now():
                    await response.write(line(event))
                while True:
                    await response.write(_told(await mailbox.next(_HEARTBEAT), sight))
            except (Ended, ConnectionError):
                return response

    def _now(self) -> list[JSON]:
        return [self._truth.now(), self._switches.now(), {"type": "bot", "up": self._bot.up}]

    async def _menu(self, request: web.Request) -> web.Response:
        sight = self._sight(request.query.get("as", ""))
        chat = request.query.get("chat", "")
        if not chat.removeprefix("-").isdecimal() or not sight.enters(int(chat)):
            raise Refused(404, "There is no such chat")
        return web.json_response(self._telegram.menu(sight.person.id, int(chat)))

    async def _file(self, request: web.Request) -> web.Response:
        wanted = request.match_info["unique_id"]
        for file in self._telegram.state.files.values():
            if file.unique_id == wanted:
                return served(file)
        raise Refused(404, "There is no such file")

    # What people do

    async def _say(self, request: web.Request) -> web.Response:
        given = await body(request)
        sight = self._sight(text(given, "as"))
        chat, topic = number(given, "chat"), number_or_none(given, "topic")
        if not sight.enters(chat):
            raise Refused(409, "You are not in that chat")
        if not sight.writes(chat):
            raise Refused(409, "Only administrators write in this channel")
        reply_to = number_or_none(given, "reply_to")
        said = self._telegram.says(sight.person.id, chat, text(given, "text"), topic=topic, reply_to=reply_to)
        return web.json_response({"message": sight.message(said)})

    async def _press(self, request: web.Request) -> web.Response:
        given = await body(request)
        sight = self._sight(text(given, "as"))
        place = [number(given, each) for each in ("chat", "message", "row", "column")]
        if not sight.enters(place[0]):
            raise Refused(409, "You are not in that chat")
        query = self._telegram.presses(sight.person.id, *place)
        try:
            answer = await self._telegram.answered(query, within=_ANSWERED_WITHIN)
        except TimeoutError:
            raise Refused(504, "The bot did not answer") from None
        return web.json_response({"text": answer.text, "alert": answer.show_alert, "url": answer.url})

    async def _switch(self, request: web.Request) -> web.Response:
        given = await body(request)
        on = given.get("on")
        if not isinstance(on, bool):
            raise Refused(400, "on is true or false")
        await self._switches.turn(text(given, "name"), on=on)
        return web.json_response({})

    def _sight(self, key: str) -> Sight:
        try:
            return Sight(self._telegram, self._world.cast, self._world.cast.person(key))
        except Unknown as error:
            raise Refused(404, str(error)) from None


def _told(event: Event | None, sight: Sight) -> bytes:
    """What is written into the stream of an event; where there was none for long, a comment."""
    if event is None:
        return b": nothing new\n\n"
    told = sight.event(event) if isinstance(event, Change) else event
    return line(told) if told is not None else b""


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
