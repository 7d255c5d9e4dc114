"""Turn and Call: wait until a release is free, then ask their person with a plan of that moment, or just say so.

They begin once neither a lock nor the standstill keeps their person back (bot.operations.holds).
"""

from typing import Any

from bot.operations import operation
from bot.operations.operation import Operation, Outcome
from bot.operations.steps import Steps
from bot.operations.tools import Tools


class Turn(Operation, kind="turn"):
    """Claims the release for the moment that it takes to plan; the confirmed plan is an operation of its own."""

    tools: Tools

    class Arguments(operation.Arguments):
        """What was asked for, as the plan's buttons carry it."""

        request: dict[str, Any]

    async def run(self, do: Steps) -> Outcome:
        """Show the plan in the message that waited."""
        await do("plan", self.plan)
        return Outcome(result="done")

    async def plan(self) -> None:
        """Make and show it."""
        await self.tools.replan(self.record)


class Call(Operation, kind="call"):
    """Tells its person that nothing keeps a change back any more."""

    tools: Tools

    class Arguments(operation.Arguments):
        """What was kept back, as the plan's buttons carry it; None where that was no plan."""

        request: dict[str, Any] | None

    async def run(self, do: Steps) -> Outcome:
        """Say it, in the chat where it was asked for."""
        await do("call", self.call)
        return Outcome(result="done")

    async def call(self) -> None:
        """Send the message."""
        await self.tools.call(self.record)
