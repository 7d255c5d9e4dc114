"""The durable engine on SQLite: how many steps it journals a second, and whether any is lost when it is killed."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from sqlalchemy import select

from bench.journaling import OPERATIONS, STEPS, store_in, work
from bench.measuring import Figure, Goal
from bot.store.tables import OperationRow, StepRow

TIMES = 5
KILLED_AFTER = 60
"""Steps, half of all."""
ROOT = Path(__file__).parents[1]


async def measure() -> list[Figure]:
    """From the first hand-in to the last end, several times; then a process that is killed in the middle."""
    took = []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
            took.append(await work(Path(folder), str))
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        lost = await _lost(Path(folder))
    steps = OPERATIONS * STEPS / median(took)
    note = f"each committed; {OPERATIONS} operations of {STEPS} steps, from the first hand-in to the last end"
    return [
        Figure("journal: steps a second, SQLite", steps, "/s", note, goal=Goal(least=200)),
        Figure("journal: steps lost at -9", lost, f"of {KILLED_AFTER}", "", goal=Goal(most=0)),
    ]


async def _lost(folder: Path) -> int:
    """How many steps a process said it had done, before it was killed, that its store does not know."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.journaling", str(folder)),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    said = [(await process.stdout.readline()).decode().split() for _ in range(KILLED_AFTER)]
    process.kill()
    await process.wait()
    async with store_in(folder) as database, database.read() as session:
        rows = await session.execute(
            select(OperationRow.subject, StepRow.name).join_from(OperationRow, StepRow)
        )
        known = {(subject, name) for subject, name in rows}
    return len({(subject, name) for subject, name in said} - known)
