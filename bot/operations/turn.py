"""Turn: waits until a release is free, then asks its person with a plan of that moment."""

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
