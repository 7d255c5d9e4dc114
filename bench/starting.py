"""How long the command line takes to start: `--help` must not load what only the bot needs."""

import subprocess
import sys

from bench.measuring import Figure, timed

MODULES = ("bot.cli", "bot.app")


async def measure() -> list[Figure]:
    """Import times in a fresh process, the interpreter's own start taken off."""
    bare = _started("pass")
    return [Figure(f"import {name}", max(0.0, _started(f"import {name}") - bare), "s") for name in MODULES]


def _started(code: str) -> float:
    command = [sys.executable, "-c", code]
    return timed(lambda: subprocess.run(command, check=True, timeout=30), 5).middle
