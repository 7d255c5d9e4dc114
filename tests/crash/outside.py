"""The sample world with its bot as a process of its own, which can be killed as by -9 at any moment."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.clock import SystemClock
from bot.sandbox.kubernetes.storage import Key, Object
from bot.sandbox.process import BotProcess
from bot.sandbox.registry.storage import Storage
from bot.sandbox.telegram import Message, World
from bot.sandbox.world import SandboxWorld
from tests.crash.forking import ForkedBot
from tests.crash.hosting import GitHost
from tests.crash.leftover import processes, works_in
from tests.installed import make_store, open_world
from tests.webhooks.payloads import github
from tests.worlds import QUICK, spaced

LONGEST = 300.0
"""Seconds after which something that was expected is missing: only a failing test waits so long."""
_PORT = 8081
"""Of the bot, on an address of loopback that is this process's alone."""


@dataclass(frozen=True)
class Outside:
    """What there is outside the bot: Dana's private chat, the cluster, and the bot's life."""

    world: SandboxWorld
    bot: BotProcess
    host: GitHost

    @property
    def telegram(self) -> World:
        return self.world.servers.telegram.world

    def messages(self, chat: str = "dana") -> list[Message]:
        """The bot's messages in a chat: a person's own with it, or one that the configuration names."""
        return [each for each in self.telegram.messages(self._id(chat)) if each.by_bot]

    def all_messages(self) -> list[Message]:
        """Those in every chat."""
        cast = self.world.cast
        return [each for chat in (*cast.people, *cast.places) for each in self.messages(chat)]

    def says(self, text: str, who: str = "dana") -> None:
        """Somebody writes to the bot."""
        self.telegram.says(self._id(who), self._id(who), text)

    def presses(self, label: str, who: str = "dana", chat: str = "") -> None:
        """Somebody presses the newest button whose label begins so, in their own chat with the bot or another."""
        for message in reversed(self.messages(chat or who)):
            for row, buttons in enumerate(message.buttons):
                for column, button in enumerate(buttons):
                    if button.label.startswith(label):
                        self.telegram.presses(self._id(who), self._id(chat or who), message.id, row, column)
                        return
        raise AssertionError(f"no button {label!r}")

    def pushes(self, app: str) -> None:
        """The git host tells of a push to the main branch of an app that has the sample's webhook."""
        secret = self.world.secrets[f"{app.upper()}_HOOK_SECRET"]
        repository = {"full_name": f"sample/{app}"}
        self.host.tells(app, replace(github(repository=repository), secret=secret))

    def _id(self, chat: str) -> int:
        cast = self.world.cast
        return cast.people[chat].id if chat in cast.people else cast.places[chat].id

    async def sees(
        self, pattern: str, chat: str = "dana", among: Callable[[Message], bool] = lambda _: True
    ) -> Message:
        """Wait until a message in a chat matches; `among` says which ones count."""

        def found() -> Message | None:
            for message in reversed(self.messages(chat)):
                if among(message) and re.search(pattern, spaced(message.text), re.MULTILINE):
                    return message
            return None

        with self.telegram.changes() as changes:
            try:
                async with asyncio.timeout(LONGEST):
                    while (message := found()) is None:
                        await anext(aiter(changes))
                    return message
            except TimeoutError:
                texts = "\n---\n".join(spaced(each.text) for each in self.messages(chat))
                raise AssertionError(
                    f"{pattern!r} was not seen; there was:\n{texts}\n{self.bot.last_words()}"
                ) from None

    def manifests(self, app: str) -> set[str]:
        """The digests of all manifests that its repository in the registry has."""
        return set(self._images.repositories[app].manifests)

    def tagged(self, app: str) -> dict[str, str]:
        """What its tags name."""
        return dict(self._images.repositories[app].tags)

    def lacking(self, app: str) -> list[str]:
        """The digests that its images name and the registry does not have."""
        repository = self._images.repositories[app]
        named = [json.loads(manifest.body) for manifest in repository.manifests.values()]
        parts = [part for each in named if "config" in each for part in (each["config"], *each["layers"])]
        return [part["digest"] for part in parts if part["digest"] not in repository.blobs]

    @property
    def _images(self) -> Storage:
        return self.world.servers.registry._storage

    def building(self) -> list[str]:
        """What is there of builds that go on: their rooms, and the processes that work in the bot's folders."""
        folder = self.bot.log.parent
        rooms = folder / "builds" / "rooms"
        left = [str(each) for each in rooms.iterdir()] if rooms.exists() else []
        return left + [words for process in processes() if (words := works_in(process, folder))]

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
        found = self.deployment(deployment, namespace)
        assert found is not None
        return int(found["metadata"]["generation"])

    def deployment(self, name: str, namespace: str) -> Object | None:
        """A Deployment, if it is there."""
        return self.world.servers.cluster.storage.get(Key("apps", "deployments", namespace, name))

    def pods(self, namespace: str) -> set[str]:
        """The names of the pods there."""
        pods = self.world.servers.cluster.storage.list("", "pods", namespace)
        return {pod["metadata"]["name"] for pod in pods}

    async def plan(self, version: str, app: str = "shop") -> Message:
        """Dana asks for a deploy into staging; the plan's message."""
        self.says(f"/deploy {app} {version} staging")
        return await self.sees(f"Plan: {app} → staging {re.escape(version)}")


@asynccontextmanager
async def open_outside(
    folder: Path, environ: Mapping[str, str] | None = None, config: str = ""
) -> AsyncIterator[Outside]:
    """Open the world and start the bot in it; `environ` says where it goes wrong (tests.crash.points).

    `config` is laid over the sample's.
    """
    laid_over = folder / "extra.yaml"
    async with open_world(folder, pace=QUICK) as world:
        address = f"{world.servers.registry.host.rpartition(':')[0]}:{_PORT}"
        laid_over.write_text(f"listen: {address}\n{config}", encoding="utf-8")
        await make_store(folder / "pilothouse.db")
        bot = ForkedBot(
            (*world.configs, laid_over),
            log=folder / "bot.log",
            secrets={**world.secrets, "CRASH_FOLDER": str(folder), **(environ or {})},
            asked_at=world.asked_at,
            clock=SystemClock(),
        )
        async with bot, GitHost(address) as host:
            yield Outside(world, bot, host)
