"""The second question before something goes for good: it names what is lost, and so does its button.

What is lost is bot.planning.losing's to say; the plan is made anew and its digest compared at both presses.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.commands.ask import Ask
from bot.commands.choices import Choice
from bot.commands.tapping import asked_now, is_second_tap
from bot.planning.plan import Plan
from bot.telegram.text import clip

SHOWN = 8
"""Objects that are named one by one."""

LONGEST_NAME = 30
"""Cells of a name on a button; the message has all of it."""


async def are_named(
    ask: Ask, plan: Plan, going: Mapping[str, Any], named: Mapping[str, Any] | None, lifetime: timedelta
) -> bool:
    """Whether the person has named all that this plan removes for good; else they are asked to.

    `going` are the arguments of the button that confirms the plan; the one that names the losses adds to them, and
    lives as long as a plan's.
    """
    lost = [f"{each.kind} {each.name}" for each in plan.losses]
    if not lost:
        return True
    if named is None or list(named["lost"]) != lost:
        await _ask(ask, plan, {**going, "named": {"lost": lost, "at": asked_now(ask)}}, lifetime)
        return False
    if is_second_tap(ask, named["at"]):
        return False
    await ask.record(
        "data.remove", "confirmed", app=plan.app, environment=plan.environment, detail=", ".join(lost)
    )
    return True


async def _ask(ask: Ask, plan: Plan, naming: Mapping[str, Any], lifetime: timedelta) -> None:
    first, *more = plan.losses
    label = f"Remove {clip(first.name, LONGEST_NAME)}" + (f" and {len(more)} more" if more else "")
    place = (plan.app, plan.environment)
    choices = [
        Choice("‹ Back", "plan.again", {"request": naming["request"]}, None, *place),
        Choice(label, f"{plan.kind}.go", naming, "danger", *place, lifetime=lifetime),
    ]
    await ask.show("losing", choices, plan=plan, losses=plan.losses[:SHOWN], more=len(plan.losses) - SHOWN)
