"""A kind of operation made for the tests of the engine, the wall that it paints, and who is told of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import SystemClock
from bot.events import PodTrouble, Trouble
from bot.operations import operation
from bot.operations.desk import Desk, Order
from bot.operations.engine import Engine
from bot.operations.errors import StepFailed
from bot.operations.operation import Author, Operation, Outcome, Record
from bot.operations.steps import Steps
from bot.operations.view import View
from bot.store.database import Database
from bot.store.tables import OperationRow
from bot.store.vault import Vault

DANA = Author(1002, "Dana")
SECRET = "hunter2-of-the-wall"


class World:
    """What the toy operation acts on: counts its calls, and holds a step until a test lets it go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.dry = asyncio.Event()
        self.dry.set()
        self.washed = asyncio.Event()
        self.unreachable = 0
        self.locked = 0
        self.refuses = False
        self.breaks = False

    async def replan(self, record: Record) -> None:
        self.calls.append("replan")


class Paint(Operation, kind="paint"):
    class Arguments(operation.Arguments):
        colour: str

    tools: World

    async def run(self, do: Steps) -> Outcome:
        coats = await do("prime", self.prime)
        await do("coat", self.coat, coats)
        return Outcome(result="done", words=f"{coats} coats")

    async def cancelled(self, do: Steps) -> Outcome:
        await do("wash", self.wash)
        return Outcome(result="cancelled", words="washed")

    async def prime(self) -> int:
        self.tools.calls.append("prime")
        if self.tools.unreachable:
            self.tools.unreachable -= 1
            raise ConnectionError(f"the wall is away, says {SECRET}")
        if self.tools.locked:
            self.tools.locked -= 1
            raise OperationalError("COMMIT", None, Exception("database is locked"))
        self.tell(
            PodTrouble("wall-1", "Wall/wall", Trouble("damp", SECRET, "Wall/wall", quote=f"key={SECRET}"))
        )
        if self.tools.breaks:
            raise ValueError(f"no paint called {SECRET}")
        if self.tools.refuses:
            raise StepFailed("The wall is wet", advice="Wait for the sun")
        return 2

    async def coat(self, coats: int) -> None:
        self.tools.calls.append(f"coat {coats}")
        self.tools.reached.set()
        await self.tools.gate.wait()

    async def wash(self) -> None:
        self.tools.calls.append("wash")
        self.tools.washed.set()
        await self.tools.dry.wait()


class Listener:
    def __init__(self) -> None:
        self.views: list[View] = []
        self.ends: dict[str, View] = {}
        self.changed_end = asyncio.Event()

    def changed(self, operation_id: str, view: View) -> None:
        self.views.append(view)

    async def ended(self, session: AsyncSession, row: OperationRow, view: View) -> None:
        self.ends[row.id] = view

    def told(self) -> None:
        self.changed_end.set()

    async def end_of(self, operation_id: str) -> View:
        while operation_id not in self.ends:
            self.changed_end.clear()
            await self.changed_end.wait()
        return self.ends[operation_id]


@asynccontextmanager
async def engine_on(
    database: Database, world: World, tmp_path: Path, **more: Any
) -> AsyncIterator[tuple[Engine, Desk, Listener]]:
    listener = Listener()
    lost = more.pop("on_lost", lambda: None)
    engine = Engine(
        database,
        SystemClock(),
        listener,
        world,
        transient=lambda error: isinstance(error, ConnectionError),
        on_lost=lost,
        mask=lambda text: text.replace(SECRET, "•••"),
        **more,
    )
    async with engine:
        yield engine, Desk(database, Vault.open(tmp_path / "key"), SystemClock(), engine), listener


def paint(subject: str = "wall", **more: Any) -> Order:
    return Order(
        kind="paint",
        subject=subject,
        app="shop",
        environment="staging",
        version="v1",
        arguments=Paint.Arguments(colour="red"),
        author=DANA,
        **more,
    )
