"""`make crash`: the whole matrix, each kind of work at each point in each way, and a line for each.

What was tried is kept in a file, so that a run can go on where another was ended (`--resume`); what failed there is
tried again. `--report` writes a page of it.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.crash.crew import Crew, open_crew
from tests.crash.kinds import KINDS
from tests.crash.matrix import Result
from tests.crash.points import Point, Way
from tests.crash.report import page


class Kept:
    """The results so far, by kind and point, each written as it comes."""

    def __init__(self, file: Path, *, resumes: bool) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        if not resumes:
            file.unlink(missing_ok=True)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        rows = [json.loads(line) for line in lines]
        self.points = {row["kind"]: list(map(Point.of, row["points"])) for row in rows if "points" in row}
        """Those that each kind passes."""
        found = [Result.from_row(row) for row in rows if "points" not in row]
        self.results = {(each.kind, each.point): each for each in found}

    def lacks(self, kind: str, point: Point) -> bool:
        """Whether it was not tried yet, or failed."""
        known = self.results.get((kind, str(point)))
        return known is None or bool(known.broken)

    def add(self, result: Result) -> None:
        """Keep it, and say it."""
        self.results[result.kind, result.point] = result
        self._write(result.to_row())
        told(result)

    def add_points(self, kind: str, points: Sequence[Point]) -> None:
        """Keep which points a kind passes, and say how many."""
        self.points[kind] = list(points)
        self._write({"kind": kind, "points": list(map(str, points))})
        told(f"{kind}: {len(points)} points")

    def _write(self, row: dict[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")


async def matrix(crew: Crew, kinds: Sequence[str], ways: Sequence[Way], chosen: "Chosen", kept: Kept) -> None:
    """Try them, the kinds by turns, so that what is wrong with one shows early."""

    async def look(kind: str) -> None:
        result, points = await crew.passed(kind)
        kept.add(result)
        if not result.broken:
            kept.add_points(kind, points)

    async def one(kind: str, point: Point) -> None:
        kept.add(await crew.run(kind, point))

    await asyncio.gather(*(look(kind) for kind in kinds if kind not in kept.points))
    todo = [
        (kind, point)
        for kind in kinds
        for point in chosen.of(kept.points.get(kind, []))
        if point.way in ways and kept.lacks(kind, point)
    ]
    random.Random(1).shuffle(todo)
    todo.sort(key=lambda each: (each[0], str(each[1])) not in kept.results)  # what failed comes first
    async with asyncio.TaskGroup() as group:
        for kind, point in todo:
            group.create_task(one(kind, point))


class Chosen:
    """Which points of a kind are tried: all, or some that a seed chooses."""

    def __init__(self, sample: int, seed: int) -> None:
        self._sample, self._seed = sample, seed

    def of(self, points: Sequence[Point]) -> Iterable[Point]:
        """Those of one kind."""
        if not self._sample:
            return points
        return random.Random(self._seed).sample(points, min(self._sample, len(points)))


def told(what: object) -> None:
    """A line of the command's answer."""
    print(what, flush=True)  # noqa: T201 - it is what the command is for


def main() -> int:
    """0 when every promise is kept at every point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--ways", nargs="*", choices=[way.name.lower() for way in Way], default=())
    parser.add_argument("--sample", type=int, default=0, help="so many points of each kind, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=3, help="processes at a time")
    parser.add_argument("--results", type=Path, default=Path("build", "crash.jsonl"), help="what was tried")
    parser.add_argument("--resume", action="store_true", help="try what is not there yet, or failed")
    parser.add_argument("--report", type=Path, help="write a page of the results")
    given = parser.parse_args()
    for program in {KINDS[kind].program for kind in given.kinds} - {""}:
        if shutil.which(program) is None:
            parser.error(f"needs {program}: apt-get install {program}, or name other kinds")
    kept = Kept(given.results, resumes=given.resume)
    ways = [Way[each.upper()] for each in given.ways] or list(Way)
    asyncio.run(_tried(given.jobs, given.kinds, ways, Chosen(given.sample, given.seed), kept))
    results = list(kept.results.values())
    broken = [each for each in results if each.broken]
    told(f"{len(results)} runs, {len(broken)} with broken promises")
    for each in broken:
        told(each)
    if given.report is not None:
        given.report.write_text(page(kept.points, results), encoding="utf-8")
    return 1 if broken else 0


async def _tried(jobs: int, kinds: Sequence[str], ways: Sequence[Way], chosen: Chosen, kept: Kept) -> None:
    async with open_crew(jobs) as crew:
        await matrix(crew, kinds, ways, chosen, kept)


if __name__ == "__main__":
    sys.exit(main())
