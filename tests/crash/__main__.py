"""`make crash`: the whole matrix, each kind of work at each point in each way, and a line for each."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.crash.kinds import KINDS
from tests.crash.matrix import Result, passed, run
from tests.crash.points import Point


async def matrix(kinds: list[str], sample: int, seed: int, jobs: int) -> list[Result]:
    """The results, printed as they come; `sample` points of each kind, or all where it is 0."""
    results: list[Result] = []
    turns = asyncio.Semaphore(jobs)

    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="pilothouse-crash-") as folder:
            result, points = await passed(kind, Path(folder))
        results.append(result)
        told(result)
        chosen = random.Random(seed).sample(points, min(sample or len(points), len(points)))

        async def one(point: Point, kind: str = kind) -> None:
            async with turns:
                with tempfile.TemporaryDirectory(prefix="pilothouse-crash-") as folder:
                    results.append(await run(kind, point, Path(folder)))
                told(results[-1])

        async with asyncio.TaskGroup() as group:
            for point in chosen:
                group.create_task(one(point))
    return results


def told(what: object) -> None:
    """A line of the command's answer."""
    print(what, flush=True)  # noqa: T201 - it is what the command is for


def main() -> int:
    """0 when every promise is kept at every point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--sample", type=int, default=0, help="so many points of each kind, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=3, help="worlds at a time")
    given = parser.parse_args()
    results = asyncio.run(matrix(given.kinds, given.sample, given.seed, given.jobs))
    broken = [each for each in results if each.broken]
    told(f"{len(results)} runs, {len(broken)} with broken promises")
    for each in broken:
        told(each)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
