"""Eight apps and the eight people who deploy them, in an embedded cluster, and the bot as a process of its own."""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.bots import tail
from bot.sandbox.telegram import Message
from bot.sandbox.telegram import World as Telegram
from bot.sandbox.world import CHART, SandboxWorld, open_world
from tests.worlds import QUICK, spaced, unhurried

COUNT = 8
APPS = tuple(f"shop-{number}" for number in range(1, COUNT + 1))
ENVIRONMENT = "staging"
FIRST = 1001
LONGEST = 120.0
"""Seconds within which the bot does whatever it is asked here."""


@dataclass(frozen=True)
class Town:
    """The world and the bot's process, which is told what to do by lines (`bench.observed`)."""

    sandbox: SandboxWorld
    process: asyncio.subprocess.Process

    @property
    def telegram(self) -> Telegram:
        """Where people write."""
        return self.sandbox.servers.telegram.world

    async def tell(self, words: str) -> Any:
        """Tell the bot's process something; its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{words}\n".encode())
        return json.loads(await self.process.stdout.readline())

    async def asked(self, person: int, text: str, pattern: str) -> Message:
        """Write to the bot in private; its new message that reads so."""

        def fits(message: Message) -> bool:
            return message.id > said.id and _reads(message, pattern)

        said = self.telegram.says(person, person, text)
        return await self._seen(person, fits)

    async def plans(self, person: int, app: str, version: str) -> Message:
        """Ask for a deploy; its plan."""
        return await self.asked(person, f"/deploy {app} {version} {ENVIRONMENT}", rf"Plan: {app} ")

    async def deploys(self, person: int, app: str, version: str) -> None:
        """Deploy from the command to the end."""
        done = rf"^✅ {app} → {ENVIRONMENT} {version}"
        plan = await self.plans(person, app, version)
        self.telegram.presses(person, person, plan.id, 0, 0)

        def fits(message: Message) -> bool:
            return message.id == plan.id and _reads(message, done)

        await self._seen(person, fits)

    async def _seen(self, chat: int, fits: Callable[[Message], bool]) -> Message:
        with self.telegram.changes() as changes:
            try:
                async with asyncio.timeout(LONGEST):
                    while True:
                        for message in reversed(self.telegram.messages(chat)):
                            if message.by_bot and fits(message):
                                return message
                        await anext(aiter(changes))
            except TimeoutError:
                last = [spaced(message.text) for message in self.telegram.messages(chat)[-3:]]
                raise AssertionError(
                    "the bot did not say what it should; last: " + " | ".join(last)
                ) from None


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    """Start everything; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as place:
        folder = Path(place)
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(_configuration()), encoding="utf-8")
        async with open_world(folder, [config], pace=QUICK) as sandbox:
            unhurried(sandbox)
            async with _bot(sandbox, folder) as process:
                yield Town(sandbox, process)


@asynccontextmanager
async def _bot(sandbox: SandboxWorld, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    log = folder / "log"
    with log.open("wb") as words:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.observed", *map(str, sandbox.configs)),
            env={**os.environ, **sandbox.secrets},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=words,
            limit=1 << 26,
        )
    try:
        async with asyncio.timeout(LONGEST):
            while not sandbox.asked_at():
                assert process.returncode is None, tail(log)
                await asyncio.sleep(0.01)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _configuration() -> dict[str, Any]:
    people = {f"person-{number}": {"id": FIRST + number} for number in range(COUNT)}
    app = {
        "chart": str(CHART),
        "image": "registry.example.org/shop",
        "environments": {ENVIRONMENT: {}},
    }
    environment = {
        "cluster": "main",
        "namespace": "{{ app }}",
        "create_namespace": True,
        "timeout": "2m",
        "fail_early": {"settle": "1s"},
    }
    return {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": "sqlite:///pilothouse.db",
        "people": people,
        "bindings": [{"role": "deployer", "people": list(people)}],
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {ENVIRONMENT: environment},
        "apps": dict.fromkeys(APPS, app),
    }


def _reads(message: Message, pattern: str) -> bool:
    return re.search(pattern, spaced(message.text), re.MULTILINE) is not None
