"""Places where the process may die: each has a name, and one of them can be told to be the end.

A point is passed before something is done outside the process, and again after it was done. Which are passed is
written into a file, in order; the order of a run says how it goes, its names are what a matrix is made of.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Self

ARMED, PASSED, MET = "armed", "passed", "met"
"""Files in the folder of a run: the first makes points count from when it is there, the second has those that were
passed, each with each way in which it can go wrong, the third the one where it did."""

ANY = "any"
"""In the place of a name: whatever comes, counted together as far as it can go wrong in that way."""


class Way(StrEnum):
    """How things go wrong at a point."""

    BEFORE = "dies before"
    AFTER = "dies after"
    LOST = "done, and the answer got lost"
    UNDONE = "not done, and an error came"


CHANGE = tuple(Way)
COMMIT = (Way.BEFORE, Way.AFTER, Way.UNDONE)
"""A commit's answer comes from the same machine's disk."""
READ = (Way.UNDONE,)
"""Dying where nothing is changed is dying after the change before it."""
DYING = (Way.BEFORE,)
"""While something goes on outside, of which this tells."""


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
    async def passing(
        self, name: str, undone: Exception, lost: Exception | None = None, ways: Sequence[Way] = CHANGE
    ) -> AsyncIterator[None]:
        """Around what is done outside; `undone` is what comes where it is not done, `lost` where its answer is."""
        way = self.comes(name, ways)
        if way is Way.BEFORE:
            die()
        if way is Way.UNDONE:
            raise undone
        yield
        if way is Way.AFTER:
            die()
        if way is Way.LOST:
            raise lost or undone

    def comes(self, name: str, ways: Sequence[Way]) -> Way | None:
        """How what comes now goes wrong, of the ways that are thinkable; None where it does not."""
        if not (self.folder / ARMED).exists():
            return None
        self.counts[name] += 1
        self.counts.update(f"{ANY} {way}" for way in ways)
        here = [Point(name, self.counts[name], way) for way in ways]
        with (self.folder / PASSED).open("a", encoding="utf-8") as file:
            file.writelines(f"{each}\n" for each in here)
        for each in here:
            if self.fatal in (each, Point(ANY, self.counts[f"{ANY} {each.way}"], each.way)):
                (self.folder / MET).write_text(str(each), encoding="utf-8")
                return each.way
        return None


def die() -> None:
    """Nothing after this is done."""
    os.kill(os.getpid(), signal.SIGKILL)


def whose(*below: str) -> str:
    """The function that asked, for a name: the nearest of the bot's that is not `below` its adaptors."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("bot.", "handlers.")) and not module.startswith(below):
            return f"{module.removeprefix('bot.')}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "nobody in particular"
