"""A folder for each build, below one that is the bot's own, and an end for what a killed bot left in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections import defaultdict
from pathlib import Path

KEPT = 50
"""Logs that stay, newest first."""


class Rooms:
    """The folders of builds. All methods may block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._logs = self._folder / "logs"
        self._rooms = self._folder / "rooms"

    @property
    def layers(self) -> Path:
        """Where builders keep what they made."""
        return self._folder / "layers"

    def sweep(self) -> None:
        """End what a bot that was killed left running, and remove its files. Only where no build runs."""
        for process in _left_in(self._rooms):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(self._rooms, ignore_errors=True)
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs = sorted(self._logs.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in logs[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def fresh(self, build: str) -> Path:
        """An empty folder for a build."""
        room = self._rooms / build
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir(mode=0o700, parents=True)
        return room

    def remove(self, build: str) -> None:
        """A build has ended."""
        shutil.rmtree(self._rooms / build, ignore_errors=True)

    def log(self, build: str) -> Path:
        """The folder of a build's log."""
        return self._logs / build

    def was_begun(self, build: str) -> bool:
        """Whether a build has a log already: an earlier run of it may have come to its end, and nobody knows."""
        return self.log(build).exists()

    def free(self) -> int:
        """Bytes that are free on the disk."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free


def _left_in(folder: Path) -> set[int]:
    """The ids of builders that live in `folder`, and of all that they have started.

    An instruction's program has another home, and where a container's runtime started it, it outlives its builder.
    """
    children: defaultdict[int, list[int]] = defaultdict(list)
    found: list[int] = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended
                children[_parent(process)].append(int(process.name))
                found += [int(process.name)] if _lives_in(process, folder) else []
    left: set[int] = set()
    while found:
        process_id = found.pop()
        left.add(process_id)
        found += [child for child in children[process_id] if child not in left]
    return left


def _parent(process: Path) -> int:
    """Of what was started by a process that has ended it is 1 (proc_pid_stat(5): its name may hold anything)."""
    return int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])


def _lives_in(process: Path, folder: Path) -> bool:
    """Whether a process was started with a home in `folder`, as builders are."""
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(each.startswith(f"HOME={folder}/".encode()) for each in environment)
