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

    def told(result: Result) -> None:
        results.append(result)
        print(result, flush=True)  # noqa: T201 - a command's answer

    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="pilothouse-crash-") as folder:
            result, points = await passed(kind, Path(folder))
        told(result)
        chosen = random.Random(seed).sample(points, min(sample or len(points), len(points)))

        async def one(point: Point, kind: str = kind) -> None:
            async with turns:
                with tempfile.TemporaryDirectory(prefix="pilothouse-crash-") as folder:
                    told(await run(kind, point, Path(folder)))

        async with asyncio.TaskGroup() as group:
            for point in chosen:
                group.create_task(one(point))
    return results


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
    print(f"{len(results)} runs, {len(broken)} with broken promises")  # noqa: T201 - a command's answer
    for each in broken:
        print(each)  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
