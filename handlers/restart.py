"""/restart: new pods for an app's workloads, without a new revision."""

from typing import Any

from bot.commands.ask import Ask
from bot.commands.confirming import confirmed, propose
from bot.commands.declaring import button, command
from bot.commands.requests import Request
from bot.config import App, Environment


@command("restart", permission="pods.restart", example="/restart shop staging", group="Operate")
async def restart(ask: Ask, app: App, environment: Environment) -> None:
    """New pods of the same version."""
    await propose(ask, Request("restart", app.name, environment.name))


@button("restart.go", permission="pods.restart")
async def go(ask: Ask, request: dict[str, Any], digest: str, inputs: dict[str, str]) -> None:
    """Confirm a restart."""
    await confirmed(ask, request, digest, inputs)
