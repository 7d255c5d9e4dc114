"""Runs every benchmark and writes docs/benchmarks.md; `python -m bench planning rendering` runs some.

One that fails is told and leaves its earlier figures where they are; the others are measured all the same.
"""

import asyncio
import importlib
import logging
import sys
import time
import traceback
from collections.abc import Sequence

import structlog

from bench import reporting
from bench.reporting import Measured, table

BENCHES = (
    "starting",
    "planning",
    "rendering",
    "deploying",
    "troubling",
    "gathering",
    "operating",
    "splitting",
    "receiving",
    "lagging",
    "lasting",
    "building",
    "queueing",
    "sandboxing",
    "scaling",
)
LONGEST = 600
"""Seconds that one may take."""


async def run(names: Sequence[str]) -> tuple[list[Measured], list[str]]:
    """What these benchmarks found, one after the other so that none disturbs another, and which of them failed."""
    found, failed = [], []
    for name in names:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(LONGEST):
                figures = await importlib.import_module(f"bench.{name}").measure()
            found.append(Measured.now(name, figures))
        except Exception:
            traceback.print_exc()
            failed.append(name)
        state = "failed" if name in failed else "done"
        print(f"{name}: {state} in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return found, failed


def main() -> int:
    """Print the table and write the document; 1 when a benchmark failed, 2 for a name that is none."""
    names = sys.argv[1:] or BENCHES
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found, failed = asyncio.run(run(names))
    print(table(found))
    reporting.write(reporting.keep(found, BENCHES))
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
