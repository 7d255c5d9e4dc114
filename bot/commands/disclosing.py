"""What may be shown of an environment: what is posted in any chat, a private one too, stays in Telegram's cloud."""

from typing import Literal

from bot.commands.ask import Ask
from bot.config import Target
from bot.planning.errors import PlanRefused

Level = Literal["summary", "diff", "logs"]

LEVELS: tuple[Level, ...] = ("summary", "diff", "logs")
"""From the least to the most; each shows what the one before it shows."""

WHAT: dict[Level, str] = {"diff": "Manifests", "logs": "Logs and events"}

INSTEAD: dict[Level, str] = {"diff": "; use `pilothouse render` on the bot's machine"}


def shows(target: Target, level: Level) -> bool:
    """Whether chats may see this much of the target."""
    return LEVELS.index(target.environment.disclose) >= LEVELS.index(level)


def disclosed(ask: Ask, app: str, environment: str, level: Level) -> Target:
    """The target, where chats may see this much of it.

    Raises: PlanRefused.
    """
    target = ask.config.target(app, environment)
    if not shows(target, level):
        raise PlanRefused(
            f"{WHAT[level]} of {environment} are not shown in chats",
            advice=f"Its `disclose` is `{target.environment.disclose}`{INSTEAD.get(level, '')}",
        )
    return target
