"""Runs every benchmark and prints one table; `python -m bench planning rendering` runs some."""

import asyncio
import importlib
import logging
import sys
import time
from collections.abc import Sequence

import structlog

from bench.measuring import Figure

BENCHES = ("starting", "planning", "rendering", "operating", "splitting", "receiving")


async def run(names: Sequence[str]) -> list[tuple[str, Figure]]:
    """The figures of these benchmarks, one after the other so that none disturbs another."""
    found = []
    for name in names:
        found += [(name, figure) for figure in await importlib.import_module(f"bench.{name}").measure()]
    return found


def table(rows: Sequence[tuple[str, Figure]]) -> str:
    """The figures as a Markdown table, as docs/performance.md has it."""
    lines = ["| bench | what | time or rate | |", "|---|---|---|---|"]
    lines += [f"| `{name}` | {figure.what} | {figure.value} | {figure.note} |" for name, figure in rows]
    return "\n".join(lines)


def main() -> int:
    """Print the table; 2 for a name that is none."""
    names = sys.argv[1:] or BENCHES
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    start = time.perf_counter()
    print(table(asyncio.run(run(names))))
    print(f"\nTook {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
