"""Worker processes as the kernel lists them; killed ones that nobody has reaped count as dead."""

from __future__ import annotations

import os
from pathlib import Path

_of_others: set[int] = set()
"""Workers of whoever else keeps a Helm open in this process for the whole run."""


def begin() -> None:
    """A test begins: the workers that are there now are not its own."""
    _of_others.clear()
    _of_others.update(workers())


def workers(parent: int | None = None) -> list[int]:
    """Living worker processes of `parent` (this process) that came since the test began."""
    parent = parent or os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            fields = _stat(int(entry.name))
            pid = int(entry.name)
            if fields and int(fields[1]) == parent and b"bot.helm.worker" in _command(entry):
                found += [] if pid in _of_others else [pid]
    return found


def alive(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] not in ("Z", "X")


def _stat(pid: int) -> list[str]:
    """State, parent and the rest; nothing when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""
