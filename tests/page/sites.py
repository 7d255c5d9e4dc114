"""A sandbox's chat page for tests: its world, whoever plays the bot, and what a browser would send and hear."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.clock import Clock, SystemClock
from bot.config import Config
from bot.sandbox.hands import NotAsTold
from bot.sandbox.installing import Release
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.page import Page, bound
from bot.sandbox.servers import TOKEN
from bot.sandbox.world import SandboxWorld, open_world
from tests.worlds import QUICK, open_bot_world, unhurried

JSON = dict[str, Any]
TEAM, NEWS = -1001000000001, -1001000000002
DANA, EVE = 1002, 1005
DEPLOYS, ALERTS = 2, 3


class BotInProcess:
    """A bot that lives in the test's own process, so that nothing but the test can end it."""

    def __init__(self) -> None:
        self.up = True
        self.on_up: Callable[[bool], None] | None = None

    async def hold(self) -> None:
        raise NotAsTold("this bot is no process of its own")

    async def release(self) -> None:
        raise NotAsTold("this bot is no process of its own")


@dataclass(frozen=True)
class Site:
    """The page, and ways to it."""

    page: Page
    sandbox: SandboxWorld
    http: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        """What the page's server answers, JSON."""
        async with self.http.get(self.page.url + path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, **body: object) -> tuple[int, Any]:
        """Send what the page sends; the status and the JSON that comes back."""
        async with self.http.post(f"{self.page.url}{path}", json=body) as response:
            return response.status, await response.json()

    async def says(self, text: str, *, who: str = "dana", chat: int = DANA, topic: int | None = None) -> JSON:
        """Write into a chat; the message."""
        status, answer = await self.post("/api/say", **{"as": who}, chat=chat, topic=topic, text=text)
        assert status == 200, answer
        message: JSON = answer["message"]
        return message

    async def chat(self, number: int, who: str = "dana") -> JSON:
        """A chat as somebody sees it."""
        chats = (await self.get(f"/api/world?as={who}"))["chats"]
        found: JSON = next(each for each in chats if each["id"] == number)
        return found

    async def bot(self, method: str, **fields: object) -> Any:
        """Do what a bot does, over its HTTP API; the result."""
        url = f"{self.sandbox.servers.telegram.url}/bot{TOKEN}/{method}"
        async with self.http.post(url, json=fields) as response:
            answer = await response.json()
            assert answer["ok"], answer
            return answer["result"]

    @asynccontextmanager
    async def stream(self, who: str = "dana") -> AsyncIterator[Stream]:
        """What somebody's page hears from now on."""
        async with self.http.get(f"{self.page.url}/api/events?as={who}") as response:
            assert response.content_type == "text/event-stream"
            stream = Stream(response)
            await stream.until("bot")  # the last of what is told at the start
            yield stream


class Stream:
    """Server-sent events, as they come."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.heard: list[JSON] = []

    async def until(self, kind: str, **fields: object) -> JSON:
        """The next event of that kind with these fields; everything before it is in `heard`."""
        async with asyncio.timeout(300):
            async for line in self.response.content:
                if not line.startswith(b"data: "):
                    continue
                event: JSON = json.loads(line.removeprefix(b"data: "))
                self.heard.append(event)
                if event["type"] == kind and fields.items() <= event.items():
                    return event
        raise AssertionError(f"the stream ended without {kind}; there was {self.heard}")


async def _nothing(_config: Config, _releases: Sequence[Release], _cluster: KubernetesServer) -> None:
    """Leave the cluster empty."""


@asynccontextmanager
async def open_site(folder: Path, clock: Clock | None = None) -> AsyncIterator[Site]:
    """The sample world with nothing running and no bot but what the test sends in its name.

    `clock` is by what the page tells ages.
    """
    async with (
        open_world(folder, install=_nothing, pace=QUICK) as sandbox,
        Page(sandbox, BotInProcess(), bound(0), clock or SystemClock()) as page,
        aiohttp.ClientSession() as http,
    ):
        unhurried(sandbox)
        yield Site(page, sandbox, http)


@asynccontextmanager
async def open_site_with_bot(folder: Path) -> AsyncIterator[Site]:
    """The page of a sandbox in full swing: the sample world, its releases, and the bot with its menus."""
    async with (
        open_bot_world(folder) as world,
        Page(world.sandbox, BotInProcess(), bound(0), SystemClock()) as page,
        aiohttp.ClientSession() as http,
    ):
        async with asyncio.timeout(300):
            while not world.telegram.menu(DANA, DANA):
                await asyncio.sleep(0.02)
        yield Site(page, world.sandbox, http)
