"""The durable engine on SQLite: many small operations, each step a committed transaction."""

import asyncio
import tempfile
import time
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bench.measuring import Figure
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


class Count(Operation, kind="bench-count"):
    """Does nothing, durably."""

    async def run(self, do: Steps) -> Outcome:
        """Six steps."""
        for number in range(STEPS):
            await do(f"step-{number}", self.step)
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


async def measure() -> list[Figure]:
    """From the first hand-in to the last end."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-bench-") as folder:
        async with Database(f"sqlite:///{folder}/bot.db") as database:
            return [await _measured(database, Path(folder) / "key")]


async def _measured(database: Database, key: Path) -> Figure:
    clock, ends = SystemClock(), Ends()
    engine = Engine(database, clock, ends, None, transient=lambda _: False, on_lost=lambda: None, mask=str)
    async with engine:
        desk = Desk(database, Vault.open(key), clock, engine)
        start = time.perf_counter()
        for number in range(OPERATIONS):
            await desk.submit(_order(f"subject {number}"))
        async with asyncio.timeout(30):
            await ends.all.wait()
        took = time.perf_counter() - start
    note = f"{OPERATIONS * STEPS / took:.0f} steps/s, each committed"
    return Figure(f"engine: {OPERATIONS} operations of {STEPS} steps on SQLite", took, "s", note)


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
