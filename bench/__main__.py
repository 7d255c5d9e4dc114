"""Runs every benchmark and prints one table; `python -m bench planning rendering` runs some."""

import asyncio
import importlib
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from bench.measuring import Figure

RESULTS = Path("build/bench.json")
BENCHES = (
    "starting",
    "planning",
    "rendering",
    "operating",
    "splitting",
    "receiving",
    "sandboxing",
    "scaling",
)


async def run(names: Sequence[str]) -> list[tuple[str, Figure]]:
    """The figures of these benchmarks, one after the other so that none disturbs another."""
    found = []
    for name in names:
        found += [(name, figure) for figure in await importlib.import_module(f"bench.{name}").measure()]
    return found


def table(rows: Sequence[tuple[str, Figure]]) -> str:
    """The figures as a Markdown table, as docs/performance.md has it."""
    lines = ["| bench | what | figure | beside it, and the goal | |", "|---|---|---|---|---|"]
    for name, figure in rows:
        lines.append(f"| `{name}` | {figure.what} | {figure.shown} | {figure.compared} | {figure.note} |")
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
    rows = asyncio.run(run(names))
    print(table(rows))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps([figure.as_json() for _, figure in rows], indent=1) + "\n", encoding="utf-8"
    )
    print(f"\nTook {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
