"""Several processes that each try one point after the other: `python -m tests.crash.crew` is one of them.

Each keeps what costs most to make: the imports of the bot (tests.crash.forking), and the sample's releases as they
are installed (tests.installed). They are told of points by lines of JSON, and answer with results in the same way.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.crash.matrix import Result, passed, run
from tests.crash.points import Point

ROOT = Path(__file__).parents[2]
_LONGEST = 16 << 20
"""Bytes of a line: a failure quotes the bot's log."""
_STUCK = 900.0
"""Seconds after which a run is given up: each wait in it has an end of its own before that."""


class Crew:
    """Processes at work; each takes what is handed in when it is free."""

    def __init__(self, members: Sequence[Process]) -> None:
        self._free: asyncio.Queue[Process] = asyncio.Queue()
        for each in members:
            self._free.put_nowait(each)

    async def passed(self, kind: str) -> tuple[Result, list[Point]]:
        """As `matrix.passed`."""
        answer = await self._ask({"kind": kind, "point": None})
        return Result.from_row(answer["result"]), [Point.of(each) for each in answer["points"]]

    async def run(self, kind: str, point: Point) -> Result:
        """As `matrix.run`."""
        return Result.from_row((await self._ask({"kind": kind, "point": str(point)}))["result"])

    async def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        member = await self._free.get()
        assert member.stdin is not None
        assert member.stdout is not None
        member.stdin.write(f"{json.dumps(what)}\n".encode())
        line = await member.stdout.readline()
        if not line:
            raise RuntimeError("a process of the crew has ended: see above")
        self._free.put_nowait(member)
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def open_crew(size: int) -> AsyncIterator[Crew]:
    """So many processes, which end with the block."""
    members = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crash.crew"), stdin=PIPE, stdout=PIPE, limit=_LONGEST, cwd=ROOT
        )
        for _ in range(size)
    ]
    try:
        yield Crew(members)
    finally:
        for each in members:
            assert each.stdin is not None
            each.stdin.close()
        await asyncio.gather(*(each.wait() for each in members))


async def _serve(answer: Callable[[dict[str, Any]], None]) -> None:
    """Work off what comes in, until nothing more does."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        with tempfile.TemporaryDirectory(prefix="pilothouse-crash-") as folder:
            answer(await _tried(asked["kind"], asked["point"], Path(folder)))


async def _tried(kind: str, point: str | None, folder: Path) -> dict[str, Any]:
    async def tried() -> tuple[Result, list[Point]]:
        if point is None:
            return await passed(kind, folder)
        return await run(kind, Point.of(point), folder), []

    result, points = await _or_broken(kind, point or "", tried())
    return {"result": result.to_row(), "points": list(map(str, points))}


async def _or_broken(
    kind: str, point: str, tried: Awaitable[tuple[Result, list[Point]]]
) -> tuple[Result, list[Point]]:
    """What came of it; that it could not be tried is told like a promise that was not kept."""
    try:
        async with asyncio.timeout(_STUCK):
            return await tried
    except Exception as error:
        return Result(kind, point, "", [f"{type(error).__name__}: {error}"]), []


def main() -> None:
    """Serve on standard input and output; whatever else is printed goes to standard error."""
    logging.getLogger(
        "aiohttp"
    ).disabled = True  # its servers tell at length of who is gone, and whoever died is
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        asyncio.run(_serve(lambda what: print(json.dumps(what), file=out, flush=True)))


if __name__ == "__main__":
    main()
