"""Bots as processes of their own, several at once, told by signals; they share the world's token and store."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any

import yaml

from bot.sandbox.telegram import Message
from bot.sandbox.world import SandboxWorld
from tests.worlds import spaced

LONGEST = 300.0
"""Seconds after which something that was expected is missing: only a failing test waits so long."""


@dataclass
class Bot:
    """One process and what it has logged."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def logged(self, pattern: str, times: int = 1) -> str:
        """Wait until so many lines match; the last one of them."""
        try:
            async with asyncio.timeout(LONGEST), self._more:
                while True:
                    found = [line for line in self.lines if re.search(pattern, line)]
                    if len(found) >= times:
                        return found[-1]
                    assert self.process.returncode is None, f"it ended:\n{self.text}"
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{pattern!r} was not logged:\n{self.text}") from None

    async def ended(self, within: float = LONGEST) -> int:
        """Wait for its exit code."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def read(self) -> None:
        """Take what it writes, until it ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            async with self._more:
                self.lines.append(line.decode(errors="replace").rstrip())
                self._more.notify_all()
        await self.process.wait()
        async with self._more:
            self._more.notify_all()


class Crowd:
    """Starts bots in a world, and talks to whichever listens, as Dana in private."""

    def __init__(self, sandbox: SandboxWorld, folder: Path, owned: AsyncExitStack) -> None:
        self.sandbox = sandbox
        self.telegram = sandbox.servers.telegram.world
        self.dana = sandbox.cast.person("dana").id
        self.config = folder / "crowd.yaml"
        self._owned = owned

    def configure(self, laid_over: Mapping[str, Any]) -> None:
        """What lies over the sample's configuration for every bot that starts or reloads from now on."""
        self.config.write_text(yaml.safe_dump(dict(laid_over)), encoding="utf-8")

    async def start(self) -> Bot:
        """Start `pilothouse run`; it is killed with the world if it still runs."""
        options = [part for path in (*self.sandbox.configs, self.config) for part in ("--config", str(path))]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", "run", *options,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **self.sandbox.secrets}, start_new_session=True,
        )  # fmt: skip
        bot = Bot(process)
        reading = asyncio.create_task(bot.read())

        async def end() -> None:
            if process.returncode is None:
                process.send_signal(SIGKILL)
            await reading

        self._owned.push_async_callback(end)
        return bot

    def says(self, text: str) -> None:
        """Dana writes to the bot."""
        self.telegram.says(self.dana, self.dana, text)

    def messages(self) -> list[Message]:
        """What bots wrote to Dana."""
        return [each for each in self.telegram.messages(self.dana) if each.by_bot]

    async def sees(self, pattern: str) -> Message:
        """Wait until a message to Dana matches."""
        with self.telegram.changes() as changes:
            try:
                async with asyncio.timeout(LONGEST):
                    while True:
                        for message in reversed(self.messages()):
                            if re.search(pattern, spaced(message.text), re.MULTILINE):
                                return message
                        await anext(aiter(changes))
            except TimeoutError:
                texts = "\n---\n".join(spaced(each.text) for each in self.messages())
                raise AssertionError(f"{pattern!r} was not seen; there was:\n{texts}") from None

    async def deploys(self, version: str) -> Message:
        """Ask for a deploy of shop into staging and confirm it; the message that shows it."""
        self.says(f"/deploy shop {version} staging")
        plan = await self.sees(f"Plan: shop → staging {re.escape(version)}")
        self.telegram.presses(self.dana, self.dana, plan.id, 0, 0)
        return plan

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds in the cluster."""
        async with asyncio.timeout(LONGEST):
            with self.sandbox.servers.cluster.storage.changes() as changes:
                while not holds():
                    await anext(changes)

    def history(self) -> list[str]:
        """The statuses of shop's revisions in staging, oldest first."""
        labels = [
            item["metadata"]["labels"]
            for item in self.sandbox.servers.cluster.storage.list("", "secrets", "shop-staging")
            if item["metadata"].get("labels", {}).get("owner") == "helm"
        ]
        return [each["status"] for each in sorted(labels, key=lambda each: int(each["version"]))]


@asynccontextmanager
async def open_crowd(
    sandbox: SandboxWorld, folder: Path, laid_over: Mapping[str, Any]
) -> AsyncIterator[Crowd]:
    """A world in which bots may be started; all are ended with the block."""
    async with AsyncExitStack() as owned:
        crowd = Crowd(sandbox, folder, owned)
        crowd.configure(laid_over)
        yield crowd
