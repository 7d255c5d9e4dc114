"""Many small operations on SQLite, each step a committed transaction; `python -m bench.journaling FOLDER` tells each.

A step is said once its operation goes on after it, so whoever hears of one must find it in the store, whatever
becomes of this process.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import SystemClock
from bot.operations.desk import Desk, Order
from bot.operations.engine import Engine
from bot.operations.operation import Arguments, Author, Operation, Outcome
from bot.operations.steps import Steps
from bot.operations.view import View
from bot.store.database import Database
from bot.store.tables import OperationRow
from bot.store.vault import Vault

OPERATIONS = 20
STEPS = 6
WITHIN = 120


class Count(Operation, kind="bench-count"):
    """Does nothing, durably."""

    async def run(self, do: Steps) -> Outcome:
        """Six steps."""
        for number in range(STEPS):
            await do(f"step-{number}", self.step)
            self.tools(f"{self.record.subject} step-{number}")
        return Outcome(result="done")

    async def step(self) -> int:
        """One of them."""
        return 1


class Ends:
    """Hears of every end."""

    def __init__(self) -> None:
        self.left = OPERATIONS
        self.all = asyncio.Event()

    def changed(self, operation_id: str, view: View) -> None:
        """A message would be edited here."""

    async def ended(self, session: AsyncSession, row: OperationRow, view: View) -> None:
        """One less."""
        self.left -= 1

    def told(self) -> None:
        """Whether that was the last."""
        if self.left == 0:
            self.all.set()


def store_in(folder: Path) -> Database:
    """The store of the run in that folder."""
    return Database(f"sqlite:///{folder}/bot.db")


async def work(folder: Path, say: Callable[[str], object]) -> float:
    """Hand all in and see them to their ends; the seconds that took."""
    clock, ends = SystemClock(), Ends()
    async with store_in(folder) as database:
        engine = Engine(database, clock, ends, say, transient=lambda _: False, on_lost=lambda: None, mask=str)
        async with engine:
            desk = Desk(database, Vault.open(folder / "key"), clock, engine)
            start = time.perf_counter()
            for number in range(OPERATIONS):
                await desk.submit(_order(f"subject-{number}"))
            async with asyncio.timeout(WITHIN):
                await ends.all.wait()
            return time.perf_counter() - start


def _order(subject: str) -> Order:
    return Order(
        kind=Count.kind,
        subject=subject,
        app="shop",
        environment="staging",
        version="v1",
        arguments=Arguments(),
        author=Author(1, "Bench"),
    )


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(work(Path(sys.argv[1]), _say))
