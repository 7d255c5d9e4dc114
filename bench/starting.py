"""How long it takes from the start to the first poll, and the command line to say what it can do.

Beside a bare python-telegram-bot echo bot, in turns. `--help` must not load what only the bot needs.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.bots import ECHO, OURS, configure, started, telegram
from bench.measuring import Figure, Goal, timed
from bot.sandbox.telegram import TelegramServer

MODULES = ("bot.cli", "bot.app")
TIMES = 5
TEAM = 20
"""People who may use it."""


async def measure() -> list[Figure]:
    """Starts, then imports in a fresh process with the interpreter's own start taken off."""
    figures = await _first_polls()
    bare = await asyncio.to_thread(_started, "pass")
    for name in MODULES:
        took = await asyncio.to_thread(_started, f"import {name}")
        figures.append(Figure(f"import {name}", max(0.0, took - bare), "s"))
    return figures


async def _first_polls() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as place:
        async with telegram() as ours, telegram() as theirs:
            configure(Path(place), ours, people=TEAM)
            first = await _took(OURS, ours, Path(place))
            later, echo = [], []
            for _ in range(TIMES):
                later.append(await _took(OURS, ours, Path(place)))
                echo.append(await _took(ECHO, theirs, Path(place)))
    beside = ("an echo bot", median(echo))
    what = "start to first poll"
    return [
        Figure(
            what,
            median(later),
            "s",
            f"for a team of {TEAM}",
            beside=beside,
            goal=Goal(most=1.5),
        ),
        Figure(f"{what}, the very first", first, "s", "makes its store", beside=beside),
    ]


async def _took(program: tuple[str, ...], server: TelegramServer, folder: Path) -> float:
    async with started(program, server, folder) as bot:
        return bot.started


def _started(code: str) -> float:
    command = [sys.executable, "-c", code]
    return timed(lambda: subprocess.run(command, check=True, timeout=30), 5).middle
