"""The sandbox in a process of its own: prints as JSON how fast its servers listen, and what its world takes.

`python -m bench.sandboxed`; `bench.sandboxing` runs it, since memory and a first start are a process's.
"""

import asyncio
import gc
import json
import tempfile
import time
from pathlib import Path

from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.servers import open_servers
from bot.sandbox.world import open_world


def resident() -> float:
    """Megabytes of this process in memory, what it shares with others included."""
    fields = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in fields if line.startswith("VmRSS")) / 1024


async def main() -> None:
    """Start the servers alone, then the sample world with its releases installed."""
    start = time.perf_counter()
    async with open_servers():
        started = time.perf_counter() - start
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        start = time.perf_counter()
        async with open_world(Path(folder), pace=Pace.instant()):
            filled = time.perf_counter() - start
            gc.collect()
            memory = resident()
    print(json.dumps({"started": started, "filled": filled, "memory": memory}))


if __name__ == "__main__":
    asyncio.run(main())
