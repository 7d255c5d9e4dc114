"""/rollback: put a release back to an earlier revision."""

from typing import Any

from bot.commands.arguments import Revision
from bot.commands.ask import Ask
from bot.commands.confirming import confirmed, propose
from bot.commands.declaring import button, command
from bot.commands.requests import Request
from bot.config import App, Environment


@command("rollback", permission="deploy.rollback", example="/rollback shop staging", group="Deploy")
async def rollback(ask: Ask, app: App, environment: Environment, revision: Revision | None = None) -> None:
    """Roll back to a revision, or to the last one that was healthy."""
    await propose(ask, Request("rollback", app.name, environment.name, revision=revision))


@button("rollback.go", permission="deploy.rollback")
async def go(
    ask: Ask,
    request: dict[str, Any],
    digest: str,
    inputs: dict[str, str],
    named: dict[str, Any] | None = None,
) -> None:
    """Confirm a rollback."""
    await confirmed(ask, request, digest, inputs, named)


@button("rollback.ask", permission="deploy.rollback")
async def from_result(ask: Ask, app: str, environment: str, revision: int | None) -> None:
    """Roll back from a result's message: the plan comes as a message of its own, the result stays."""
    ask.fresh = True
    await propose(ask, Request("rollback", app, environment, revision=revision))
