"""The bot is upgraded while an operation runs: what was done counts by the name of its step, whatever is new."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.operations import operation
from bot.operations.desk import Order
from bot.operations.operation import Operation, Outcome
from bot.operations.steps import Steps
from bot.store.database import Database
from tests.operations.painting import DANA, World, engine_on


class Coats(BaseModel):
    count: int


class Varnish(Operation, kind="varnish"):
    """As the version before knew it."""

    class Arguments(operation.Arguments):
        colour: str

    tools: World

    async def run(self, do: Steps) -> Outcome:
        coats = await do("prime", self.prime)
        await do("coat", self.coat, coats)
        return Outcome(result="done", words="by the older one")

    async def prime(self) -> Coats:
        self.tools.calls.append("prime")
        return Coats(count=2)

    async def coat(self, coats: Coats) -> None:
        self.tools.calls.append(f"coat {coats.count}")
        self.tools.reached.set()
        await self.tools.gate.wait()


def upgraded() -> None:
    """From now on the kind is the newer version's: one step more at the start, one with another name, one result
    with more in it.
    """

    class NewerCoats(BaseModel):
        count: int
        shine: str = "matt"

    class NewerVarnish(Varnish, kind="varnish"):
        async def run(self, do: Steps) -> Outcome:
            await do("sand", self.sand)
            coats = await do("prime", self.primed)
            await do("last-coat", self.last_coat, coats)
            return Outcome(result="done", words="by the newer one")

        async def sand(self) -> None:
            self.tools.calls.append("sand")

        async def primed(self) -> NewerCoats:
            raise AssertionError("it was primed already")

        async def last_coat(self, coats: NewerCoats) -> None:
            self.tools.calls.append(f"last coat {coats.count} {coats.shine}")


async def test_steps_that_are_done_stay_done_and_the_others_are_run(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Operation.kinds, "varnish", Varnish)  # and is put back at the end
    world = World()
    order = Order(
        kind="varnish",
        subject="wall",
        app="shop",
        environment="staging",
        version="v1",
        arguments=Varnish.Arguments(colour="red"),
        author=DANA,
    )
    async with engine_on(database, world, tmp_path) as (_, desk, _listener):
        operation_id = await desk.submit(order)
        await world.reached.wait()
    upgraded()
    async with engine_on(database, world, tmp_path) as (_, _, listener):
        view = await listener.end_of(operation_id)
    assert world.calls == ["prime", "coat 2", "sand", "last coat 2 matt"]
    assert view.outcome == Outcome(result="done", words="by the newer one")
