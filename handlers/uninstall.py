"""/uninstall: remove a release from an environment."""

from typing import Any

from bot.commands.ask import Ask
from bot.commands.confirming import confirmed, propose
from bot.commands.declaring import button, command
from bot.commands.requests import Request
from bot.config import App, Environment


@command("uninstall", permission="release.uninstall", example="/uninstall shop staging", group="Operate")
async def uninstall(ask: Ask, app: App, environment: Environment) -> None:
    """Remove a release; says what goes and what stays."""
    await propose(ask, Request("uninstall", app.name, environment.name))


@button("uninstall.go", permission="release.uninstall")
async def go(
    ask: Ask,
    request: dict[str, Any],
    digest: str,
    inputs: dict[str, str],
    named: dict[str, Any] | None = None,
) -> None:
    """Confirm the removal."""
    await confirmed(ask, request, digest, inputs, named)
