"""The sample world with its bot as a process of its own, which can be killed as by -9 at any moment."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.clock import SystemClock
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.process import BotProcess
from bot.sandbox.telegram import Message, World
from bot.sandbox.world import SandboxWorld
from tests.installed import open_world
from tests.worlds import QUICK, spaced

LONGEST = 300.0
"""Seconds after which something that was expected is missing: only a failing test waits so long."""


@dataclass(frozen=True)
class Outside:
    """What there is outside the bot: Dana's private chat, the cluster, and the bot's life."""

    world: SandboxWorld
    bot: BotProcess

    @property
    def telegram(self) -> World:
        return self.world.servers.telegram.world

    @property
    def dana(self) -> int:
        return self.world.cast.person("dana").id

    def messages(self) -> list[Message]:
        """The bot's messages to Dana."""
        return [each for each in self.telegram.messages(self.dana) if each.by_bot]

    def says(self, text: str) -> None:
        """Dana writes to the bot."""
        self.telegram.says(self.dana, self.dana, text)

    def presses(self, label: str) -> None:
        """Dana presses the newest button whose label begins so."""
        for message in reversed(self.messages()):
            for row, buttons in enumerate(message.buttons):
                for column, button in enumerate(buttons):
                    if button.label.startswith(label):
                        self.telegram.presses(self.dana, self.dana, message.id, row, column)
                        return
        raise AssertionError(f"no button {label!r}")

    async def sees(self, pattern: str) -> Message:
        """Wait until a message to Dana matches."""

        def found() -> Message | None:
            for message in reversed(self.messages()):
                if re.search(pattern, spaced(message.text), re.MULTILINE):
                    return message
            return None

        with self.telegram.changes() as changes:
            try:
                async with asyncio.timeout(LONGEST):
                    while (message := found()) is None:
                        await anext(aiter(changes))
                    return message
            except TimeoutError:
                texts = "\n---\n".join(spaced(each.text) for each in self.messages())
                raise AssertionError(
                    f"{pattern!r} was not seen; there was:\n{texts}\n{self.bot.last_words()}"
                ) from None

    def ends(self) -> int:
        """How many messages tell the end of an operation."""
        return sum(bool(re.match("[✅❌↩⏹🆘].* → ", each.text)) for each in self.messages())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds in the cluster."""
        async with asyncio.timeout(LONGEST):
            with self.world.servers.cluster.storage.changes() as changes:
                while not holds():
                    await anext(changes)

    @property
    def store(self) -> Path:
        """The bot's database."""
        return self.bot.log.parent / "pilothouse.db"

    def history(self, release: str, namespace: str) -> list[str]:
        """The statuses of a release's revisions, oldest first."""
        return [labels["status"] for labels in self._labels(release, namespace)]

    def revisions(self, release: str, namespace: str) -> list[int]:
        """Their numbers."""
        return [int(labels["version"]) for labels in self._labels(release, namespace)]

    def _labels(self, release: str, namespace: str) -> list[dict[str, str]]:
        found = [
            item["metadata"]["labels"]
            for item in self.world.servers.cluster.storage.list("", "secrets", namespace)
            if item["metadata"].get("labels", {}).get("owner") == "helm"
            and item["metadata"]["labels"]["name"] == release
        ]
        return sorted(found, key=lambda labels: int(labels["version"]))

    def generation(self, deployment: str, namespace: str) -> int:
        """How often what the Deployment wants was changed."""
        found = self.world.servers.cluster.storage.get(Key("apps", "deployments", namespace, deployment))
        assert found is not None
        return int(found["metadata"]["generation"])

    async def plan(self, version: str, app: str = "shop") -> Message:
        """Dana asks for a deploy into staging; the plan's message."""
        self.says(f"/deploy {app} {version} staging")
        return await self.sees(f"Plan: {app} → staging {re.escape(version)}")


@asynccontextmanager
async def open_outside(
    folder: Path, *, module: str = "bot.cli", environ: Mapping[str, str] | None = None
) -> AsyncIterator[Outside]:
    """Open the world and start the bot in it; `module` is another build of it, which may read `environ`."""
    async with open_world(folder, pace=QUICK) as world:
        bot = BotProcess(
            world.configs,
            log=folder / "bot.log",
            secrets={**world.secrets, **(environ or {})},
            asked_at=world.asked_at,
            clock=SystemClock(),
            module=module,
        )
        async with bot:
            yield Outside(world, bot)
