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


def called(word: str) -> int:
    """The one of those that this process started whose command line has that word. Raises: StopIteration."""
    return next(
        each for each in tree(os.getpid()) if word.encode() in Path(f"/proc/{each}/cmdline").read_bytes()
    )


def peak_from_now(pid: int) -> float:
    """Megabytes of one process in memory; what `peak` gives begins to count here (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return _field(pid, "VmRSS:", "status") / 1024


def peak(pid: int) -> float:
    """The most megabytes that one process had in memory since."""
    return _field(pid, "VmHWM:", "status") / 1024


def memory(pid: int) -> float:
    """Megabytes of a process and all that it started, what they share counted once (PSS)."""
    return sum(_field(each, "Pss:") for each in tree(pid)) / 1024


def private(pid: int) -> float:
    """Megabytes of one process that no other shares."""
    return (_field(pid, "Private_Clean:") + _field(pid, "Private_Dirty:")) / 1024


def handles(pid: int) -> int:
    """Files and sockets that one process holds open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def _field(pid: int, name: str, file: str = "smaps_rollup") -> int:
    fields = Path(f"/proc/{pid}/{file}").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in fields if line.startswith(name))
