"""The sandbox's world and the bot in one process, with a clock that tests can move: for expiries and deadlines.

Real servers, real client libraries, the real Helm SDK; what must die for real runs out of process (tests/crash).
"""

import asyncio
import base64
import gzip
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.app import Parts, running
from bot.clock import SystemClock
from bot.sandbox.cast import Person, Place
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.telegram import Limits as Nature
from bot.sandbox.telegram import Message
from bot.sandbox.telegram.floods import Floods
from bot.sandbox.world import SandboxWorld
from bot.telegram.pacing import Limits
from tests.installed import make_store, open_world

LONGEST = 120.0
"""Seconds after which something that was expected is missing: only a failing test waits so long."""

QUICK = Pace(
    schedule=0.05, pull=0.05, start=0.05, ready=0.3, crash=0.2, back_off=0.5, job=0.2, terminate=0.05
)
"""Pods that live fast, so that tests are short; a slow image still takes its minute."""

SETTLING = Path(__file__).parent / "settling.yaml"
"""Laid over the sample's configuration: pods that live so fast show as fast that they stay up."""

UNHURRIED = Limits(overall=1000, chat=0.001, burst=100, group_minute=10_000, group_edit=0.3, private_edit=0.3)
"""The bot writes as soon as it has something to say, in a Telegram that lets it: pacing has tests of its own."""


class MovableClock(SystemClock):
    """The machine's clock, moved ahead by a test; sleeping takes real time."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        return (self._stopped or super().now()) + self.ahead

    def stop(self) -> None:
        """From now on time passes only when it is moved, however slow the machine is."""
        self._stopped = super().now()

    def move(self, **delta: float) -> None:
        """Let time pass: `move(minutes=6)`."""
        self.ahead += timedelta(**delta)


@dataclass(frozen=True)
class Actor:
    """Somebody in the world."""

    world: "World"
    person: Person

    def says(self, text: str, chat: str = "team", topic: str | None = "deploys") -> None:
        """Write into a chat; `private` is the person's own with the bot."""
        place = self.world.place(chat, self.person)
        in_topic = self.world.sandbox.cast.topic(place, topic) if place.topics else None
        self.world.mark()
        self.world.telegram.says(self.person.id, place.id, text, topic=in_topic)

    def edits(self, text: str, chat: str = "team") -> None:
        """Change what was written last in a chat."""
        self.world.mark()
        self.world.telegram.says(self.person.id, self.world.place(chat, self.person).id, text, edited=True)

    async def deploys(
        self, version: str, app: str = "shop", environment: str = "staging", chat: str = "team"
    ) -> Message:
        """Ask for a deploy and confirm its plan; returns the message that shows it."""
        self.says(f"/deploy {app} {version} {environment}", chat)
        seen_in = f"private {self.person.key}" if chat == "private" else chat
        plan = await self.world.sees(f"Plan: {app} → {environment} {re.escape(version)}", chat=seen_in)
        await self.presses(f"Deploy to {environment}", chat)
        return plan

    async def presses(self, label: str, chat: str = "team") -> str:
        """Press the newest button whose label begins so; returns the toast ("" for none)."""
        place = self.world.place(chat, self.person)
        message, row, column = await self.world.button(place, label)
        self.world.mark()
        query = self.world.telegram.presses(self.person.id, place.id, message.id, row, column)
        return (await self.world.telegram.answered(query)).text or ""


class World:
    """The world with its bot."""

    def __init__(self, sandbox: SandboxWorld, parts: Parts, clock: MovableClock) -> None:
        self.sandbox = sandbox
        self.parts = parts
        self.clock = clock
        self.telegram = sandbox.servers.telegram.world
        self.cluster = sandbox.servers.cluster
        self.registry = sandbox.servers.registry
        self._before: dict[tuple[int, int], int] = {}
        cast = sandbox.cast
        self.kim, self.dana, self.lee, self.vic, self.eve = (
            Actor(self, cast.person(key)) for key in ("kim", "dana", "lee", "vic", "eve")
        )

    def place(self, chat: str, person: Person) -> Place:
        """A chat by its name."""
        return self.sandbox.cast.place(chat, person)

    def mark(self) -> None:
        """What is there now was there before: `sees` looks at what comes after."""
        self._before = {(m.chat_id, m.id): m.edits for m in self._all()}

    def news(self, chat: str = "team") -> list[Message]:
        """The bot's messages that appeared or were edited since the last act."""
        chat_id = self._chat_id(chat)
        return [
            message
            for message in self._all()
            if message.by_bot
            and message.chat_id == chat_id
            and self._before.get((message.chat_id, message.id), -1) != message.edits
        ]

    async def sees(
        self, pattern: str, *, buttons: Sequence[str] = (), chat: str = "team", within: float = LONGEST
    ) -> Message:
        """Wait for a message of the bot, new or edited since the last act, that matches and has these buttons."""
        return await self.sees_anywhere(pattern, [chat], buttons=buttons, within=within)

    async def sees_anywhere(
        self, pattern: str, chats: Sequence[str], *, buttons: Sequence[str] = (), within: float = LONGEST
    ) -> Message:
        """Wait as `sees` does, for a message in any of these chats."""

        def found() -> Message | None:
            for message in reversed([message for chat in chats for message in self.news(chat)]):
                labels = [button.label for row in message.buttons for button in row]
                if re.search(pattern, spaced(message.text), re.MULTILINE) and all(
                    any(label.lower().startswith(each.lower()) for label in labels) for each in buttons
                ):
                    return message
            return None

        with self.telegram.changes() as changes:
            try:
                async with asyncio.timeout(within):
                    while (message := found()) is None:
                        await anext(aiter(changes))
                    return message
            except TimeoutError:
                texts = [spaced(message.text) for chat in chats for message in self.news(chat)]
                seen = "\n---\n".join(texts) or "nothing"
                raise AssertionError(f"{pattern!r} was not seen in {chats}; there was:\n{seen}") from None

    async def button(self, place: Place, label: str) -> tuple[Message, int, int]:
        """The newest button whose label begins so."""
        async with asyncio.timeout(LONGEST):
            with self.telegram.changes() as changes:
                while True:
                    for message in reversed(self.telegram.messages(place.id)):
                        for row, buttons in enumerate(message.buttons):
                            for column, button in enumerate(buttons):
                                if button.label.lower().startswith(label.lower()):
                                    return message, row, column
                    await anext(aiter(changes))

    async def until_written(self, release: str, namespace: str) -> None:
        """Wait until Helm has written what it writes of a release: its workloads may have begun to change before."""
        async with asyncio.timeout(LONGEST):
            with self.cluster.storage.changes() as changes:
                while any(status.startswith("pending") for status in self.history(release, namespace)):
                    await anext(changes)

    def history(self, release: str, namespace: str) -> list[str]:
        """The statuses of a release's revisions in the cluster, oldest first."""
        found = [
            item["metadata"]["labels"]
            for item in self.cluster.storage.list("", "secrets", namespace)
            if item["metadata"].get("labels", {}).get("owner") == "helm"
            and item["metadata"]["labels"]["name"] == release
        ]
        return [labels["status"] for labels in sorted(found, key=lambda labels: int(labels["version"]))]

    def leave_unfinished(
        self, release: str, namespace: str, revision: int, status: str = "pending-upgrade"
    ) -> None:
        """Make a revision look as if its run had died just now."""
        leave_unfinished(self.cluster, release, namespace, revision, status, at=self.clock.now())

    def _chat_id(self, chat: str) -> int:
        place = self.sandbox.cast.places.get(chat)
        return (
            place.id if place is not None else self.sandbox.cast.person(chat.partition(" ")[2] or "dana").id
        )

    def _all(self) -> list[Message]:
        places = [place.id for place in self.sandbox.cast.places.values()]
        people = [person.id for person in self.sandbox.cast.people.values()]
        return [message for chat_id in (*places, *people) for message in self.telegram.messages(chat_id)]


def leave_unfinished(
    cluster: KubernetesServer, release: str, namespace: str, revision: int, status: str, *, at: datetime
) -> None:
    """Make a revision look as if its run had died at that moment: Helm reads the status from its record."""
    key = Key("", "secrets", namespace, f"sh.helm.release.v1.{release}.v{revision}")
    secret = cluster.storage.get(key)
    assert secret is not None
    record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    record["info"]["status"] = status
    record["info"]["last_deployed"] = at.isoformat()
    packed = gzip.compress(json.dumps(record).encode())
    secret["data"]["release"] = base64.b64encode(base64.b64encode(packed)).decode()
    secret["metadata"]["labels"]["status"] = status
    cluster.storage.put(key, secret)


def spaced(text: str) -> str:
    """Text as people read it: a no-break space is a space."""
    return text.replace("\u00a0", " ")


@asynccontextmanager
async def open_bot_world(folder: Path, extra: str = "", *, pace: Pace = QUICK) -> AsyncIterator[World]:
    """The sample world with a bot in it.

    `extra` is one more configuration file, laid over the sample's; it is `extra.yaml` in `folder`.
    """
    laid_over = folder / "extra.yaml"
    laid_over.write_text(extra or "{}", encoding="utf-8")
    async with open_world(folder, pace=pace) as sandbox, open_bot(sandbox, SETTLING, laid_over) as world:
        yield world


def unhurried(sandbox: SandboxWorld) -> None:
    """Let Telegram take all that `UNHURRIED` sends."""
    state = sandbox.servers.telegram.state
    state.floods = Floods(Nature.none(), state.clock)


@asynccontextmanager
async def open_bot(
    sandbox: SandboxWorld,
    *laid_over: Path,
    clock: MovableClock | None = None,
    secrets: Mapping[str, str] | None = None,
) -> AsyncIterator[World]:
    """A bot in a world that is open, configured by its files and those `laid_over`; it ends with the block.

    `secrets` are other variables than the world's own.
    """
    clock = clock or MovableClock()
    unhurried(sandbox)
    await make_store(sandbox.kubeconfig.parent / "pilothouse.db")
    stopping: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    configs = (*sandbox.configs, *laid_over)
    async with running(configs, secrets or sandbox.secrets, stopping, clock, UNHURRIED) as bot:
        yield World(sandbox, bot.parts, clock)
