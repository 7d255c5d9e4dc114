"""What processes show of themselves to others on the machine: their arguments and environments."""

import asyncio
import os
from pathlib import Path


def seen_by_others() -> bytes:
    """The arguments and environments of all processes."""
    seen = bytearray()
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                seen += (process / name).read_bytes()
            except OSError:  # it ended meanwhile, or is not ours to read
                continue
    return bytes(seen)


async def watch_children(seen: dict[int, bytes]) -> None:
    """Look at all descendants of this process, again and again, and keep what they show of themselves."""
    while True:
        for pid in descendants(os.getpid()):
            for file in ("cmdline", "environ"):
                try:
                    seen[pid] = seen.get(pid, b"") + Path(f"/proc/{pid}/{file}").read_bytes()
                except OSError:
                    continue
        await asyncio.sleep(0.02)


def descendants(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except OSError:
        return []
    return children + [below for child in children for below in descendants(child)]
