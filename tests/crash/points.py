"""Places where the process may die: each has a name, and one of them can be told to be the end.

A point is passed before something is done outside the process, and again after it was done. Which are passed is
written into a file, in order; the order of a run says how it goes, its names are what a matrix is made of.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

ARMED, PASSED = "armed", "passed"
"""Files in the folder of a run: the one makes points count from when it is there, the other has their names."""


class Way(StrEnum):
    """How things go wrong at a point."""

    BEFORE = "dies before"
    AFTER = "dies after"
    LOST = "done, and the answer got lost"
    UNDONE = "not done, and an error came"


@dataclass(frozen=True)
class Point:
    """The `count`-th time, from 1, that something of that name is done; and how it goes wrong."""

    name: str
    count: int
    way: Way

    def __str__(self) -> str:
        return f"{self.name} #{self.count}: {self.way}"

    @classmethod
    def of(cls, text: str) -> Self:
        """From its form as a string."""
        rest, _, way = text.rpartition(": ")
        name, _, count = rest.rpartition(" #")
        return cls(name, int(count), Way(way))


@dataclass
class Points:
    """All points of one process."""

    folder: Path
    fatal: Point | None = None
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """As the tests start the bot: CRASH_FOLDER, and CRASH_AT where it is to go wrong."""
        at = environ.get("CRASH_AT")
        return cls(Path(environ["CRASH_FOLDER"]), Point.of(at) if at else None)

    @asynccontextmanager
    async def passing(self, name: str, error: Exception | None = None) -> AsyncIterator[None]:
        """Around what is done outside; `error` is what comes where its answer is lost or it is not done."""
        way = self._way(name)
        if way is Way.BEFORE:
            _die()
        if way is Way.UNDONE and error is not None:
            raise error
        yield
        if way is Way.AFTER:
            _die()
        if way is Way.LOST and error is not None:
            raise error

    def _way(self, name: str) -> Way | None:
        if not (self.folder / ARMED).exists():
            return None
        self.counts[name] += 1
        with (self.folder / PASSED).open("a", encoding="utf-8") as file:
            file.write(f"{name} #{self.counts[name]}\n")
        fatal = self.fatal
        if fatal is None or (fatal.name, fatal.count) != (name, self.counts[name]):
            return None
        return fatal.way


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def whose(*below: str) -> str:
    """The function that asked, for a name: the nearest of the bot's that is not `below` its adaptors."""
    frame = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("bot.", "handlers.")) and not module.startswith(below):
            return f"{module.removeprefix('bot.')}.{frame.f_code.co_name}"
        assert frame.f_back is not None
        frame = frame.f_back
    raise AssertionError("nobody of ours asked")
