"""One kind of work at one point: the bot goes wrong there, comes back where it died, and the end is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.crash.kinds import KINDS, Kind, broken_promises
from tests.crash.outside import Outside, open_outside
from tests.crash.points import ARMED, PASSED, Point, Way

ROOT = Path(__file__).parents[2]
LATE = 2.0
"""Seconds after the end was told in which a point may still come: what is written last."""

SETTLED = 45.0
"""Seconds after which what is not as promised stays so."""


@dataclass(frozen=True)
class Result:
    """What came of it."""

    kind: str
    point: Point | None
    met: bool
    """Whether the point was passed in this run: some are not in each."""
    broken: Sequence[str] = ()

    def __str__(self) -> str:
        how = "; ".join(self.broken) or ("ok" if self.met else "not met, ok")
        return f"{self.kind:9} {self.point or 'nothing goes wrong'} · {how}"


async def passed(name: str, folder: Path) -> tuple[Result, list[Point]]:
    """How the kind goes when nothing goes wrong, and the points that it passes, each with each way to go wrong.

    Of a name that comes often these are the first time and the last.
    """
    result = await run(name, None, folder)
    seen: dict[str, int] = {}
    for line in (folder / PASSED).read_text(encoding="utf-8").splitlines():
        point, _, count = line.rpartition(" #")
        seen[point] = int(count)
    return result, [
        Point(each, count, way)
        for each, most in sorted(seen.items())
        for count in sorted({1, most})
        for way in _ways(each)
    ]


def _ways(name: str) -> Iterator[Way]:
    yield from (Way.BEFORE, Way.AFTER, Way.UNDONE)
    if not name.startswith("store"):  # a commit's answer comes from the same machine's disk
        yield Way.LOST


async def run(name: str, point: Point | None, folder: Path) -> Result:
    """Let it go wrong there, in a world of its own in `folder`."""
    kind = KINDS[name]
    async with _opened(folder, point) as outside:
        await kind.prepare(outside)
        (folder / ARMED).touch()
        kind.begin(outside)
        died = await _died(outside, kind)
        if died:
            (folder / ARMED).unlink()
            await outside.bot.kill()
        try:
            await outside.sees(kind.ends)
        except AssertionError as error:
            return Result(name, point, True, [str(error)])
        broken = await _settled(outside, kind, 2 if point is not None and _doubles(point) else 1)
        written = (folder / PASSED).read_text(encoding="utf-8").splitlines()
        return Result(name, point, point is None or f"{point.name} #{point.count}" in written, broken)


@asynccontextmanager
async def _opened(folder: Path, point: Point | None) -> AsyncIterator[Outside]:
    environ = {"PYTHONPATH": str(ROOT), "CRASH_FOLDER": str(folder)}
    if point is not None:
        environ["CRASH_AT"] = str(point)
    async with open_outside(folder, module="tests.crash.bot", environ=environ) as outside:
        yield outside


async def _died(outside: Outside, kind: Kind) -> bool:
    """Whether the bot's process ended, before the end was told or a moment later."""
    dying = asyncio.create_task(outside.bot.ended())
    told = asyncio.create_task(outside.sees(kind.ends))
    try:
        await asyncio.wait((dying, told), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((dying,), timeout=LATE)
        return dying.done()
    finally:
        for task in (dying, told):
            task.cancel()
            with suppress(asyncio.CancelledError, AssertionError):
                await task


def _doubles(point: Point) -> bool:
    """A message that was sent can't be looked up: where nobody knows whether it was, it may be sent again."""
    return point.name == "telegram sendMessage" and point.way in (Way.AFTER, Way.LOST)


async def _settled(outside: Outside, kind: Kind, most: int) -> list[str]:
    """What is broken for good: a press that went wrong may have begun what it says nothing of, and that goes on."""
    broken = broken_promises(outside, kind, most)
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLED):
            while broken:
                await asyncio.sleep(0.2)
                broken = broken_promises(outside, kind, most)
    return broken
