"""What processes take of the machine, as the kernel tells it."""

import os
from collections.abc import Iterator
from pathlib import Path


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from tree(int(child))


def memory(pid: int) -> float:
    """Megabytes of a process and all that it started, what they share counted once (PSS)."""
    return sum(_field(each, "Pss:") for each in tree(pid)) / 1024


def private(pid: int) -> float:
    """Megabytes of one process that no other shares."""
    return (_field(pid, "Private_Clean:") + _field(pid, "Private_Dirty:")) / 1024


def handles(pid: int) -> int:
    """Files and sockets that one process holds open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def _field(pid: int, name: str) -> int:
    fields = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in fields if line.startswith(name))
