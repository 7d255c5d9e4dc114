"""Builds as the chat tells of them: ten that wait for one another, a bot that is killed in the middle of one, and one
that says a hundred megabytes. The bot is a process of its own, at Telegram's own pace; Debian's buildah builds.
"""

import asyncio
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.doors import Door, door
from bench.measuring import Figure, Goal, Times
from bench.processes import called, peak, peak_from_now
from bot.clock import SystemClock
from bot.sandbox.process import BotProcess
from bot.sandbox.telegram import Message
from bot.sandbox.world import SandboxWorld, open_world
from tests.builds.repositories import BUSYBOX, Repository
from tests.crash.leftover import processes, works_in
from tests.worlds import spaced

QUEUED, AT_ONCE, SECONDS = 10, 2, 2.0
ROUNDS = 3
KILLS = 5
LONGEST = 240.0
"""Seconds within which the bot does whatever it is asked here."""
LOG = 100 * 2**20
DANA = 1002
CONFIG = f"""
builds: {{{{builder: buildah, at_once: {AT_ONCE}, free: 1MB}}}}
apps:
  shop:
    tags: {{{{match: '.*', order: created}}}}
    source: {{{{git: "{{git}}"}}}}
"""
KNOCKING = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "wget", "-q", "-O", "/answer", "http://127.0.0.1:{port}/{name}"]
"""
LOUD = f"""\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "yes '{{name}} {"0123456789" * 7}' | head -c {LOG}"]
"""


async def measure() -> list[Figure]:
    """One after the other, with one bot."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        async with _yard(Path(folder)) as yard:
            return [*await yard.queued(), *await yard.killed(), *await yard.loud()]


@asynccontextmanager
async def _yard(folder: Path) -> AsyncIterator["_Yard"]:
    repository = Repository(folder / "source")
    shutil.copy(BUSYBOX, repository.folder / "busybox")
    repository.commit({}, "Begin")
    laid_over = folder / "builds.yaml"
    laid_over.write_text(CONFIG.format(git=repository.url), encoding="utf-8")
    async with door() as opened, open_world(folder) as world:
        bot = BotProcess(
            (*world.configs, laid_over),
            log=folder / "bot.log",
            secrets=world.secrets,
            asked_at=world.asked_at,
            clock=SystemClock(),
        )
        async with bot:
            yield _Yard(folder, repository, opened, world, bot)


@dataclass(frozen=True)
class _Yard:
    """Where it is built, and who is asked to."""

    folder: Path
    repository: Repository
    door: Door
    world: SandboxWorld
    bot: BotProcess

    async def queued(self) -> list[Figure]:
        """Ten are asked for at once; beside it, what they would take if each began as soon as another ends."""
        self.door.seconds = SECONDS
        alone, took, early = [], [], 0
        for number in range(ROUNDS):
            alone.append(await self._built([f"alone-{number}"]))
            names = [f"queued-{number}-{each}" for each in range(QUEUED)]
            took.append(await self._built(names))
            early += self._early(names)
        what, least = f"{QUEUED} builds queued, {AT_ONCE} at once", median(alone) * QUEUED / AT_ONCE
        note = f"{ROUNDS} times; each takes {SECONDS:.0f} s and what a builder takes, two share the cores"
        beside = (f"{QUEUED // AT_ONCE} builds one by one", least)
        return [
            Figure(f"{what}: all told", median(took), "s", note, Times(tuple(took)).slow, beside),
            Figure(f"{what}: most at once", self.door.most, "", "as they were seen", goal=Goal(most=AT_ONCE)),
            Figure(f"{what}: begun before one asked for earlier", early, "", "", goal=Goal(most=0)),
        ]

    async def killed(self) -> list[Figure]:
        """The bot is killed while an instruction runs, and started at once."""
        self.door.seconds = 0.0
        words, ends, left = [], [], 0
        for number in range(KILLS):
            name = f"killed-{number}"
            self.door.kept_out.add(name)
            self._write(name)
            begun = self._ask(name)
            await self.door.came(name)
            shown = await self._known(name, begun)
            await self.bot.hold()
            start = time.perf_counter()
            word = asyncio.create_task(self._goes_on(shown))
            await self.bot.release()
            await word
            words.append(time.perf_counter() - start)
            await self._told(name, "[✅❌]", begun)
            ends.append(time.perf_counter() - start)
            told = [each for each in self._messages() if _tells(each, name, ".", begun)]
            left += len(told) - 1 + sum(bool(works_in(each, self.folder)) for each in processes())
        what = "killed by -9 in the middle of a build"
        note = f"{KILLS} kills; from the bot's start, which takes most of it"
        return [
            Times(tuple(words)).figure(f"{what}: its message goes on", note),
            Times(tuple(ends)).figure(f"{what}: its end is told", "begun again, with the builder's cache"),
            Figure(f"{what}: told twice, or left running", left, "", "", goal=Goal(most=0)),
        ]

    async def loud(self) -> list[Figure]:
        """What the bot takes more while it is told 100 MB, and what people get to read."""
        await self._built(["quiet"])
        grown, longest = [], 0
        for number in range(ROUNDS):
            before = peak_from_now(self._pid)
            with self.world.servers.telegram.world.changes() as changes:
                await self._built([f"loud-{number}"], LOUD)
            grown.append(peak(self._pid) - before)
            longest = max([longest, *[_length(change.what) async for change in changes]])
        what = "build: a log of 100 MB"
        return [
            Figure(f"{what}: memory", median(grown), "MB", "of the bot, at most", goal=Goal(most=30)),
            Figure(
                f"{what}: longest message",
                longest,
                "characters",
                "as it runs and at its end",
                goal=Goal(most=1000),
            ),
        ]

    async def _built(self, names: Sequence[str], dockerfile: str = KNOCKING) -> float:
        """Ask for all of these, one after the other; seconds until the end of each was told."""
        for name in names:
            self._write(name, dockerfile)
        start = time.perf_counter()
        asked = [self._ask(name) for name in names]
        for name in names:
            end = await self._told(name, "[✅❌]", asked[0])
            assert end.text.startswith("✅"), end.text
        return time.perf_counter() - start

    def _write(self, name: str, dockerfile: str = KNOCKING) -> None:
        """A branch of that name, whose image is made so."""
        self.repository.git("checkout", "--quiet", "-B", name, "main")
        self.repository.commit({"Dockerfile": dockerfile.format(port=self.door.port, name=name)}, name)

    def _ask(self, name: str) -> int:
        """Ask for its image; the message that does."""
        return self.world.servers.telegram.world.says(DANA, DANA, f"/build shop {name}").id

    def _messages(self) -> Iterable[Message]:
        return (each for each in self.world.servers.telegram.world.messages(DANA) if each.by_bot)

    async def _told(self, name: str, sign: str, after: int) -> Message:
        """The message after that one which is about a build and begins with a sign."""
        return await self._sees(lambda message: _tells(message, name, sign, after))

    async def _known(self, name: str, after: int) -> Message:
        """A running build's message, once it was edited: then the bot has written down which it is."""
        return await self._sees(lambda message: message.edits > 0 and _tells(message, name, "🔄", after))

    async def _goes_on(self, shown: Message) -> Message:
        """It, once it was edited."""
        return await self._sees(lambda message: message.id == shown.id and message.edits > shown.edits)

    async def _sees(self, fits: Callable[[Message], bool]) -> Message:
        with self.world.servers.telegram.world.changes() as changes:
            async with asyncio.timeout(LONGEST):
                while True:
                    for message in self._messages():
                        if fits(message):
                            return message
                    await anext(aiter(changes))

    def _early(self, names: Sequence[str]) -> int:
        """How many of them began before one that was asked for earlier, as the bot's store has it."""
        with closing(sqlite3.connect(f"file:{self.folder / 'pilothouse.db'}?mode=ro", uri=True)) as store:
            began = dict(store.execute("select version, started_at from operation").fetchall())
        return sum(began[later] < began[earlier] for earlier, later in pairwise(names))

    @property
    def _pid(self) -> int:
        return called("bot.cli")


def _tells(message: Message, name: str, sign: str, after: int) -> bool:
    """Whether a message after that one is about a build, and begins with a sign."""
    text = spaced(message.text)
    return message.id > after and re.match(rf"{sign}\ufe0f? build shop {re.escape(name)} ", text) is not None


def _length(what: object) -> int:
    return len(what.text) if isinstance(what, Message) and what.by_bot else 0
