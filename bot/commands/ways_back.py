"""A rollback that has no revision to go to by itself: the ones that Helm keeps, one button each."""

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.planning.errors import NoneHealthy

OFFERED = 3
"""Revisions offered, the newest first; /history has the others."""


async def offer_revisions(ask: Ask, app: str, environment: str, none: NoneHealthy) -> None:
    """Say that nobody knows a healthy one, and let the person choose: the plan then says what is known of it."""
    choices: list[Choice] = [
        run(f"Roll back to {number}", f"/rollback {app} {environment} {number}")
        for number in list(reversed(none.revisions))[:OFFERED]
    ]
    if ask.may("history.view", app, environment).allowed:
        choices.append(run("History", f"/history {app} {environment}"))
    choices.append(Choice("Close", "plan.close"))
    lines = [none.words, "Nothing was changed. Which one shall it be?"]
    await ask.show("said", choices, heading=f"⚠️ {app} → {environment}: no known way back", lines=lines)
