"""A folder for each build, below one that is the bot's own, and an end for what a killed bot left in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
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
        for process in Path("/proc").iterdir():
            if process.name.isdecimal() and _lives_in(process, self._rooms):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)
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


def _lives_in(process: Path, folder: Path) -> bool:
    """Whether a process was started with a home in `folder`, as builders are."""
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(each.startswith(f"HOME={folder}/".encode()) for each in environment)
