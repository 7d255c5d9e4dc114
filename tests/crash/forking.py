"""The bot as a process forked from one that has imported it: starting it so takes a fifth of the work.

Most of what a start takes is importing. Here a server of `multiprocessing` has done that once, and each start is a
fork of it; what runs then is what `python -m tests.crash.bot run` runs, and a kill by -9 ends it as it ends any other.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.sandbox.process import BotProcess, Process

_PR_SET_PDEATHSIG = 1
_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(["__main__", "tests.crash.bot", __name__, "tests.crash.imported"])


class ForkedBot(BotProcess):
    """The bot with points, started by a fork."""

    async def _made(self) -> Process:
        made = _SERVER.Process(target=_run, args=(self._options, self._secrets, self.log), daemon=True)
        await asyncio.to_thread(made.start)  # the first one waits for the server's imports
        return _Forked(made)


class _Forked:
    """One of multiprocessing's processes, used as one of asyncio's."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self._ended.set_result(self._process.exitcode or 0)
        self._process.close()

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    def kill(self) -> None:
        if not self._ended.done():
            self._process.kill()

    def terminate(self) -> None:
        if not self._ended.done():
            self._process.terminate()

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)


def _run(options: list[str], environ: Mapping[str, str], log: Path) -> None:
    """What the new process does."""
    from tests.crash.bot import main

    os.setsid()
    # The server ends with whoever tries things, once nobody else holds this end of its pipe, and we with the server.
    os.close(vars(forkserver)["_forkserver"]._forkserver_alive_fd)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environ)
    sys.exit(main(["run", *options]))
