"""The bot in a process of its own that is watched from inside: no pace of its own, a clock that is moved on demand.

`python -m bench.observed CONFIG...` reads lines from its standard input and answers each with a line of JSON:
`move SECONDS`, `lag` (begin to measure how late the event loop is) and `lags` (seconds, since then).
"""

import asyncio
import gc
import json
import os
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bot import logs
from bot.app import running
from bot.helm.client import Helm
from bot.outside import OUTSIDE
from bot.telegram.pacing import Limits
from tests.worlds import MovableClock

UNLIMITED = Limits(
    overall=1e6, chat=1e-6, burst=10_000, group_minute=1_000_000, group_edit=0.001, private_edit=0.001
)
REST = 3.0
"""Seconds without work after which the bot's processes become few, for minutes."""
LOOK_EVERY = 0.002


class Lags:
    """How late the event loop comes to what is due."""

    def __init__(self) -> None:
        self._found: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """From now on."""
        self._found.clear()
        self._task = asyncio.create_task(self._look())

    def end(self) -> list[float]:
        """What there was."""
        if self._task is not None:
            self._task.cancel()
        return self._found

    async def _look(self) -> None:
        while True:
            due = time.perf_counter() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            self._found.append(time.perf_counter() - due)


async def main(paths: list[Path]) -> int:
    """Run it until SIGTERM."""
    logs.set_up(str)
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[int] = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, stopping.set_result, 0)
    clock, lags = MovableClock(), Lags()
    outside = replace(OUTSIDE, helm=partial(Helm, rest=REST))
    async with running(paths, os.environ, stopping, clock, UNLIMITED, outside):
        gc.freeze()  # as `pilothouse run` does
        orders = asyncio.create_task(_obey(clock, lags))
        code = await stopping
        orders.cancel()
        return code


async def _obey(clock: MovableClock, lags: Lags) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while words := (await reader.readline()).decode().split():
        print(json.dumps(_done(words, clock, lags)), flush=True)


def _done(words: list[str], clock: MovableClock, lags: Lags) -> Any:
    match words:
        case ["move", seconds]:
            clock.move(seconds=float(seconds))
        case ["lag"]:
            lags.begin()
        case ["lags"]:
            return lags.end()
        case ["tidy"]:
            return gc.collect()
    return None


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main([Path(each) for each in sys.argv[1:]])))
