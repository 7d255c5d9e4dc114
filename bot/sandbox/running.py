"""`pilothouse sandbox`: the embedded servers, the sample world and the bot, for a script or for looking around.

Everything lives in one folder. Exit codes: 0 when all went as told, 1 when something did not, 2 when the
script or the configuration cannot be understood, 130 when a signal stopped it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TextIO

from bot.clock import SystemClock
from bot.config import Config, load
from bot.helm.errors import HelmError
from bot.sandbox.given import Given, GivenUnusable
from bot.sandbox.given_world import open_given_world
from bot.sandbox.hands import Behaves, NotAsTold
from bot.sandbox.installing import upgrade_by_hand
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.page import PORT, Page, address_of, bound
from bot.sandbox.player import Player
from bot.sandbox.process import BotEnded, BotProcess
from bot.sandbox.script import Numbered, ScriptInvalid, read_script
from bot.sandbox.servers import Beside
from bot.sandbox.transcript import Transcript
from bot.sandbox.world import World, open_world

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C stopped, as shells have it."""


@dataclass(frozen=True)
class Ports:
    """Where a sandbox listens that people look for; 0 is a free one."""

    page: int | None = None
    """The chat page's. None: 8080, and no page where a script is played."""
    telegram: int = 0
    """The embedded Telegram's."""
    bot: int = 0
    """That of the bot itself, which git hosts call."""


@dataclass(frozen=True)
class Running:
    """A sandbox in full swing: its world, and the bot in it. It is the stage of its scripts."""

    world: World
    bot: BotProcess
    page: Page | None = None

    @property
    def servers(self) -> Beside:
        """The embedded servers."""
        return self.world.servers

    async def set_image(self, reference: str, behaves: Behaves) -> None:
        """Make the image exist and behave so. Raises: NotAsTold."""
        await self.world.hands.set_image(reference, behaves)

    async def cluster_down(self, seconds: float | None, name: str | None) -> None:
        """Take a cluster's API away, for so long or until it is brought back. Raises: NotAsTold."""
        await self.world.hands.cluster_down(seconds, name)

    async def cluster_up(self) -> None:
        """Bring the clusters back."""
        await self.world.hands.cluster_up()

    async def delete(self, pattern: str, namespace: str | None) -> None:
        """Delete the cluster's objects that match `kind/glob`. Raises: NotAsTold."""
        await self.world.hands.delete(pattern, namespace)

    async def mark(
        self, pattern: str, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        """Mark objects as another tool does. Raises: NotAsTold where there are none."""
        await self.world.hands.mark(pattern, namespace, labels, annotations)

    async def swap(self, uid: str) -> None:
        """Let another cluster answer. Raises: NotAsTold."""
        await self.world.hands.swap(uid)

    async def upgrade(
        self, app: str, environment: str, values: Mapping[str, Any], description: str | None
    ) -> None:
        """Upgrade a release as a pipeline does. Raises: NotAsTold."""
        environ = {**os.environ, **self.world.secrets}
        config = await asyncio.to_thread(load, self.world.configs, environ)
        try:
            await upgrade_by_hand(config, app, environment, values, description)
        except (KeyError, HelmError) as error:
            raise NotAsTold(f"{app} in {environment} was not upgraded: {error}") from error

    async def kill_bot(self) -> None:
        """Kill the bot as by -9 and start it again. Raises: NotAsTold where it does not come up."""
        try:
            await self.bot.kill()
        except BotEnded as error:
            raise NotAsTold(str(error)) from error

    def trouble(self) -> str:
        """Why the bot cannot answer at all, "" while its process runs."""
        return self.bot.trouble


async def run_sandbox(
    *,
    script: Path | None,
    config: list[Path] | None,
    out: TextIO,
    ports: Ports | None = None,
    given: Given | None = None,
    state: Path | None = None,
) -> int:
    """Play `script` and return 0 or 1; without one, run until SIGINT or SIGTERM.

    `config` are the files of a world of one's own, `given` is a real cluster to work on instead of the embedded one.
    `state` is a folder to keep; the one made without it is kept only after a failure, for the bot's log in it.
    Raises: ConfigInvalid, OSError (a script that is not there, a port that is taken), and for a cluster that was
    given ClusterError, HelmError.
    """
    try:
        steps = await asyncio.to_thread(read_script, script) if script is not None else None
    except ScriptInvalid as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    folder = state or Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="pilothouse-"))
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    code = 0
    try:
        code = await _until_stopped(_run(steps, folder, ports or Ports(), config, given, out))
    finally:
        if code != 1 and state is None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return code


async def _until_stopped(work: Coroutine[None, None, int]) -> int:
    """The work's code, or that of an interrupt when a signal ended it, everything closed in order."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait((task,))
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
    return _INTERRUPTED if task.cancelled() else task.result()


async def _run(
    steps: Sequence[Numbered] | None,
    folder: Path,
    ports: Ports,
    config: list[Path] | None,
    given: Given | None,
    out: TextIO,
) -> int:
    if steps is None and ports.page is None:
        ports = replace(ports, page=PORT)
    try:
        async with started(folder, ports=ports, configs=config, given=given, out=out) as running:
            return await (_stay(running, out) if steps is None else play(running, steps, out))
    except BotEnded as error:
        print(f"The sandbox did not start.\n{error}", file=out)
        return 1
    except GivenUnusable as error:
        print(f"The cluster that was given: {error}.", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2


@asynccontextmanager
async def started(
    folder: Path,
    *,
    ports: Ports | None = None,
    configs: Sequence[Path] | None = None,
    given: Given | None = None,
    pace: Pace | None = None,
    out: TextIO,
) -> AsyncIterator[Running]:
    """A sandbox with its bot up, all its files in `folder`; everything ends with the block.

    Raises: as `run_sandbox`, and BotEnded, GivenUnusable.
    """
    ports = ports or Ports()
    async with AsyncExitStack() as stack:
        # First of all, since what follows takes seconds, and a port that is taken ends it.
        listener = stack.enter_context(bound(ports.page)) if ports.page is not None else None
        if listener is not None:
            print(f"Chat with the bot: {address_of(listener)}", file=out, flush=True)
        world: World
        if given is None:
            print("Starting the embedded Telegram, Kubernetes and registry …", file=out, flush=True)
            opened = open_world(folder, configs, port=ports.telegram, bot_port=ports.bot, pace=pace)
            world = await stack.enter_async_context(opened)
        else:
            print("Starting the embedded Telegram and registry on the given cluster …", file=out, flush=True)
            opening = open_given_world(
                folder, given, configs, port=ports.telegram, bot_port=ports.bot, pace=pace
            )
            world = await stack.enter_async_context(opening)
            print(f"It is {world.about}", file=out, flush=True)
        bot = BotProcess(
            world.configs,
            log=folder / "bot.log",
            secrets=world.secrets,
            asked_at=world.asked_at,
            clock=SystemClock(),
        )
        page = Page(world, bot, listener, SystemClock()) if listener is not None else None
        if page is not None:
            await stack.enter_async_context(page)
        print("Starting the bot …", file=out, flush=True)
        async with bot:
            yield Running(world, bot, page)


async def play(running: Running, steps: Sequence[Numbered], out: TextIO) -> int:
    """Play a script in it and print how it goes; 0 when all went as told, else 1."""
    world, cast = running.servers.telegram.world, running.world.cast
    async with Transcript(world, cast, out, SystemClock()) as transcript:
        player = Player(world, cast, running, transcript)
        failure = await player.play(steps)
        if failure is None:
            await transcript.note(_ended_well(len(steps), player.left_out))
            return 0
    words = failure.words if running.trouble() else f"{failure.words}\n{running.bot.last_words()}"
    print(f"\nStep {failure.at.number} of {len(steps)} (line {failure.at.line}) is not as told:", file=out)
    print(f"  {failure.at}\n{words}", file=out, flush=True)
    return 1


def _ended_well(steps: int, left_out: Mapping[str, int]) -> str:
    if not left_out:
        return f"All {steps} steps went as told"
    why = ", ".join(f"{count} left out: {program} is not installed" for program, count in left_out.items())
    return f"{steps - sum(left_out.values())} of {steps} steps went as told, {why}"


async def _stay(running: Running, out: TextIO) -> int:
    """Say what there is, then show what happens until a signal cancels it or the bot ends."""
    world = running.servers.telegram.world
    async with Transcript(world, running.world.cast, out, SystemClock()):
        for line in _introduction(running):
            print(line, file=out, flush=True)
        words = await running.bot.ended()
    print(words, file=out, flush=True)
    return 1


def _called(config: Config) -> list[str]:
    """Where git hosts tell of pushes; nowhere that is known beforehand, unless a port was chosen."""
    is_known = not config.listen.endswith(":0")
    return [f"http://{config.listen}/webhooks/{name}" for name in config.webhooks if is_known]


def _introduction(running: Running) -> list[str]:
    servers, world, cast = running.servers, running.world, running.world.cast
    return [
        "",
        "The sandbox runs. Ctrl-C stops it.",
        *([f"  chat page         {running.page.url}  <- open this, and press Start"] if running.page else []),
        f"  Telegram Bot API  {servers.telegram.url}",
        f"  Kubernetes API    {running.world.about}",
        f"  image registry    {servers.registry.url}",
        f"  kubeconfig        {world.kubeconfig}",
        *(f"  git hosts call    {url}" for url in _called(world.config)),
        f"  the bot's log     {running.bot.log}",
        f"  configuration     {' and '.join(str(each) for each in world.configs)}",
        f"  people            {', '.join(cast.people)}",
        f"  chats             {', '.join([*cast.places, 'private'])}",
        "",
        f"Look at the cluster:  kubectl --kubeconfig {world.kubeconfig} get pods -A",
        "Play a conversation:  pilothouse sandbox --script FILE  (docs/tour.yaml shows how)",
        "",
    ]
