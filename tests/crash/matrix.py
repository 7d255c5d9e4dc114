"""One kind of work at one point: the bot goes wrong there, comes back where it died, and the end is looked at."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.crash.kinds import KINDS, Kind
from tests.crash.outside import Outside, open_outside
from tests.crash.points import ARMED, MET, PASSED, Point, Way
from tests.crash.promises import Before, broken

LATE = 2.0
"""Seconds after the end was told in which a point may still come: what is written last."""

SETTLED = 120.0
"""Seconds after which what is not as promised stays so."""


@dataclass(frozen=True)
class Result:
    """What came of it."""

    kind: str
    point: str
    """As it was wanted; "" where nothing was to go wrong."""
    met: str
    """Where it went wrong in fact; "" where that point was not passed: some are not in each run."""
    broken: Sequence[str] = ()

    def __str__(self) -> str:
        how = "; ".join(self.broken) or ("ok" if self.met or not self.point else "not met, ok")
        return f"{self.kind:9} {self.met or self.point or 'nothing goes wrong'} · {how}"

    def to_row(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "broken": list(self.broken)}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """As `to_row` made it."""
        return cls(**row)


async def passed(name: str, folder: Path) -> tuple[Result, list[Point]]:
    """How the kind goes when nothing goes wrong, and the points that it passes, each with each way to go wrong.

    Of what comes often these are the first time and the last; of what only reads, which is named by who asks, the
    first.
    """
    result = await run(name, None, folder)
    lines = (folder / PASSED).read_text(encoding="utf-8").splitlines() if not result.broken else []
    return result, _chosen(map(Point.of, lines))


def _chosen(points: Iterable[Point]) -> list[Point]:
    counts: defaultdict[tuple[str, Way], list[int]] = defaultdict(list)
    for point in points:
        counts[point.name, point.way].append(point.count)
    return [
        Point(name, count, way)
        for (name, way), found in sorted(counts.items())
        for count in sorted({found[0], found[-1] if (name, Way.BEFORE) in counts else found[0]})
    ]


async def run(name: str, point: Point | None, folder: Path) -> Result:
    """Let it go wrong there, in a world of its own in `folder`."""
    kind, wanted = KINDS[name], str(point or "")
    async with open_outside(
        folder, {"CRASH_AT": wanted} if point is not None else None, kind.config
    ) as outside:
        await kind.prepare(outside)
        before = Before.now(outside, kind)
        (folder / ARMED).touch()
        kind.begin(outside)
        if await _died(outside, kind, before):
            await _revived(outside, folder)
        try:
            await outside.sees(kind.told, kind.chat, before.is_news)
        except AssertionError as error:
            return Result(name, wanted, _met(folder), [str(error)])
        found = await _settled(outside, kind, before, folder)
        return Result(name, wanted, _met(folder), [*found, *([outside.bot.last_words()] if found else [])])


def _met(folder: Path) -> str:
    return (folder / MET).read_text(encoding="utf-8") if (folder / MET).exists() else ""


async def _revived(outside: Outside, folder: Path) -> None:
    (folder / ARMED).unlink()
    await outside.bot.kill()


async def _died(outside: Outside, kind: Kind, before: Before) -> bool:
    """Whether the bot's process ended, before the end was told or a moment later."""
    dying = asyncio.create_task(outside.bot.ended())
    told = asyncio.create_task(outside.sees(kind.told, kind.chat, before.is_news))
    try:
        await asyncio.wait((dying, told), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((dying,), timeout=LATE)
        return dying.done()
    finally:
        for task in (dying, told):
            task.cancel()
            with suppress(asyncio.CancelledError, AssertionError):
                await task


_UNRECORDED = {
    "telegram send": (Way.AFTER, Way.LOST),
    "store telegram.outbox._close": (Way.BEFORE,),
    "store telegram.buttons.bind": (Way.BEFORE, Way.AFTER),
    "store telegram.inbox._mark_done": (Way.BEFORE,),
}
"""Where a message was sent and nothing says so yet: what is durable has its row closed, and an answer is known to be
given once its update is done."""


def _may_double(met: str) -> bool:
    """A message that was sent can't be looked up: where nobody knows whether it was, it may be sent again."""
    return bool(met) and any(
        met.startswith(name) and Point.of(met).way in ways for name, ways in _UNRECORDED.items()
    )


async def _settled(outside: Outside, kind: Kind, before: Before, folder: Path) -> list[str]:
    """What is broken for good: a press that went wrong may have begun what it says nothing of, and that goes on."""

    def found() -> list[str]:
        return broken(outside, kind, before, may_double=_may_double(_met(folder)))

    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLED):
            while found() or outside.bot.trouble:
                if outside.bot.trouble:  # later than it takes on a machine that is not busy
                    await _revived(outside, folder)
                await asyncio.sleep(0.2)
    return found()
