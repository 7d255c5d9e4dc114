"""What may be shown of an environment: what is posted in any chat, a private one too, stays in Telegram's cloud."""

from typing import Literal

from bot.commands.ask import Ask
from bot.config import Target
from bot.permissions import Permission, Place, Policy, Sender, may
from bot.planning.errors import PlanRefused

Level = Literal["summary", "diff", "logs"]

LEVELS: tuple[Level, ...] = ("summary", "diff", "logs")
"""From the least to the most; each shows what the one before it shows."""

WHAT: dict[Level, str] = {"diff": "Manifests", "logs": "Logs and events"}

INSTEAD: dict[Level, str] = {"diff": "; use `pilothouse render` on the bot's machine"}


def shows(target: Target, level: Level) -> bool:
    """Whether chats may see this much of the target."""
    return LEVELS.index(target.environment.disclose) >= LEVELS.index(level)


def may_quote(target: Target | None, policy: Policy, chat_id: int) -> bool:
    """Whether what pods said may still be told in a chat: what runs is told for minutes, and meanwhile its environment
    may be closed, or who reads a private chat lose the right. `target` is None where there is no such place any more.
    """
    if target is None or not shows(target, "logs"):
        return False
    return readable(policy, chat_id, "logs.view", target.app.name, target.environment.name)


def readable(
    policy: Policy, chat_id: int, permission: Permission, app: str, environment: str | None = None
) -> bool:
    """Whether who reads a private chat still has the right to see this; a group's messages stay for all in it."""
    reader = policy.person(Sender(chat_id)) if chat_id > 0 else None
    return reader is None or may(reader, permission, Place(app, environment, chat_id), policy).allowed


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
