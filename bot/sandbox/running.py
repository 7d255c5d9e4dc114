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
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import aiohttp

from bot.clock import SystemClock
from bot.config import load
from bot.helm.errors import HelmError
from bot.sandbox.installing import upgrade_by_hand
from bot.sandbox.objects import delete_objects, mark_objects, swap_cluster
from bot.sandbox.player import Behaves, NotAsTold, Player
from bot.sandbox.process import BotEnded, BotProcess
from bot.sandbox.script import Numbered, ScriptInvalid, read_script
from bot.sandbox.servers import Servers
from bot.sandbox.transcript import Transcript
from bot.sandbox.world import SandboxWorld, open_world

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C stopped, as shells have it."""


@dataclass(frozen=True)
class Running:
    """A sandbox in full swing: its world, and the bot in it. It is the stage of its scripts."""

    world: SandboxWorld
    bot: BotProcess

    @property
    def servers(self) -> Servers:
        """The embedded servers."""
        return self.world.servers

    async def set_image(self, reference: str, behaves: Behaves) -> None:
        """Make the image exist and behave so."""
        self.servers.behaviours.order(reference, behaves)

    async def cluster_down(self, seconds: float) -> None:
        """Take the cluster's API away for so long."""
        await self.servers.cluster.down(seconds)

    async def delete(self, pattern: str, namespace: str | None) -> None:
        """Delete the cluster's objects that match `kind/glob`. Raises: NotAsTold."""
        try:
            deleted = await delete_objects(self.servers.cluster, pattern, namespace)
        except aiohttp.ClientError as error:
            raise NotAsTold(f"the cluster's API did not delete it: {error}") from error
        if not deleted:
            raise NotAsTold(f"there is no {pattern} in {namespace or 'any namespace'}")

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

    async def mark(
        self, pattern: str, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None:
        """Mark objects as another tool does. Raises: NotAsTold where there are none."""
        cluster = self.servers.cluster
        if not mark_objects(cluster, pattern, namespace, labels=labels, annotations=annotations):
            raise NotAsTold(f"there is no {pattern} in {namespace}")

    async def swap(self, uid: str) -> None:
        """Let another cluster answer."""
        swap_cluster(self.servers.cluster, uid)

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
    port: int | None,
    config: list[Path] | None,
    out: TextIO,
    state: Path | None = None,
) -> int:
    """Play `script` and return 0 or 1; without one, run until SIGINT or SIGTERM.

    `port` is the embedded Telegram's, `config` the files of a world of one's own. `state` is a folder to keep;
    the one made without it is kept only after a failure, for the bot's log in it.
    Raises: ConfigInvalid, OSError (a script that is not there, a port that is taken).
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
        code = await _until_stopped(_run(steps, folder, port, config, out))
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
    steps: Sequence[Numbered] | None, folder: Path, port: int | None, config: list[Path] | None, out: TextIO
) -> int:
    try:
        async with started(folder, port=port, configs=config, out=out) as running:
            return await (_stay(running, out) if steps is None else _play(running, steps, out))
    except BotEnded as error:
        print(f"The sandbox did not start.\n{error}", file=out)
        return 1


@asynccontextmanager
async def started(
    folder: Path, *, port: int | None = None, configs: Sequence[Path] | None = None, out: TextIO
) -> AsyncIterator[Running]:
    """A sandbox with its bot up, all its files in `folder`; everything ends with the block.

    Raises: BotEnded, ConfigInvalid, OSError.
    """
    print("Starting the embedded Telegram, Kubernetes and registry …", file=out, flush=True)
    async with open_world(folder, configs, port=port or 0) as world:
        print("Starting the bot …", file=out, flush=True)
        bot = BotProcess(
            world.configs,
            log=folder / "bot.log",
            secrets=world.secrets,
            asked_at=world.asked_at,
            clock=SystemClock(),
        )
        async with bot:
            yield Running(world, bot)


async def _play(running: Running, steps: Sequence[Numbered], out: TextIO) -> int:
    world, cast = running.servers.telegram.world, running.world.cast
    async with Transcript(world, cast, out, SystemClock()) as transcript:
        failure = await Player(world, cast, running, transcript).play(steps)
        if failure is None:
            await transcript.note(f"All {len(steps)} steps went as told")
            return 0
    words = failure.words if running.trouble() else f"{failure.words}\n{running.bot.last_words()}"
    print(f"\nStep {failure.at.number} of {len(steps)} (line {failure.at.line}) is not as told:", file=out)
    print(f"  {failure.at}\n{words}", file=out, flush=True)
    return 1


async def _stay(running: Running, out: TextIO) -> int:
    """Say what there is, then show what happens until a signal cancels it or the bot ends."""
    world = running.servers.telegram.world
    async with Transcript(world, running.world.cast, out, SystemClock()):
        for line in _introduction(running):
            print(line, file=out, flush=True)
        words = await running.bot.ended()
    print(words, file=out, flush=True)
    return 1


def _introduction(running: Running) -> list[str]:
    servers, world, cast = running.servers, running.world, running.world.cast
    return [
        "",
        "The sandbox runs. Ctrl-C stops it.",
        f"  Telegram Bot API  {servers.telegram.url}",
        f"  Kubernetes API    {servers.cluster.url}",
        f"  image registry    {servers.registry.url}",
        f"  kubeconfig        {world.kubeconfig}",
        f"  the bot's log     {running.bot.log}",
        f"  configuration     {' and '.join(str(each) for each in world.configs)}",
        f"  people            {', '.join(cast.people)}",
        f"  chats             {', '.join([*cast.places, 'private'])}",
        "",
        f"Look at the cluster:  kubectl --kubeconfig {world.kubeconfig} get pods -A",
        "Talk to the bot:      pilothouse sandbox --script FILE  (docs/tour.yaml shows how)",
        "",
    ]
