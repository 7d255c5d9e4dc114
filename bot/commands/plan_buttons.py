"""The buttons of a plan, and the piece of its diff that its message has room for."""

from collections.abc import Mapping
from dataclasses import asdict, replace

from bot.commands.choices import Choice
from bot.commands.requests import EXPIRY, Request
from bot.planning.plan import Plan, PlanKind
from bot.telegram.messages import Style
from bot.telegram.text import clip

LONGEST_FIELD = 30
"""Cells of a field's name on a button; the message has all of it."""

VERBS: Mapping[PlanKind, str] = {
    "deploy": "deploy",
    "rollback": "roll back",
    "uninstall": "uninstall",
    "restart": "restart",
}
EXCERPT = 24
"""Lines of the diff in the plan's message; the rest is in the document."""


def plan_choices(plan: Plan, request: Request, *, discloses: bool, stops: str) -> list[Choice]:
    """What may be done with a plan. `stops` are the words of the button that stops a deploy first.

    What the API server would refuse has no button that confirms it.
    """
    place, again = (plan.app, plan.environment), {"request": asdict(replace(request, takes=()))}
    if plan.trial.is_refused:
        choices = [Choice("Plan again", "plan.again", again, "primary", *place)]
    else:
        choices = [_go(plan, request, stops)]
    if discloses and plan.document:
        choices.append(Choice("Full diff", "plan.diff", again, None, *place))
    if plan.kind == "deploy" and not request.sets:
        choices.append(other_version(request))
    choices.append(Choice("Close", "plan.close"))
    return choices


def _go(plan: Plan, request: Request, stops: str) -> Choice:
    """The button that confirms it, and with it that fields which others keep are taken over."""
    label, style = _label(plan)
    if stops:
        label, style = stops, "danger"
    confirmed = plan.taking()
    if contests := plan.trial.contests:
        what = clip(contests[0].name, LONGEST_FIELD) if len(contests) == 1 else f"{len(contests)} fields"
        rest = f", {label[:1].lower()}{label[1:]}" if stops or plan.shouts else f" and {VERBS[plan.kind]}"
        label, style = f"Take over {what}{rest}", "danger"
    go = {
        "request": asdict(replace(request, takes=confirmed.taken)),
        "digest": confirmed.digest,
        "inputs": dict(confirmed.inputs),
    }
    return Choice(label, f"{plan.kind}.go", go, style, plan.app, plan.environment, lifetime=EXPIRY)


def other_version(request: Request) -> Choice:
    """The way to the other versions."""
    fields = {"request": asdict(replace(request, takes=())), "skip": 0}
    return Choice("Other version", "deploy.versions", fields, None, request.app, request.environment)


def _label(plan: Plan) -> tuple[str, Style]:
    """Where mistakes reach users the button says where, in capitals, and which version."""
    if plan.shouts:
        place = plan.environment.upper()
        words: Mapping[PlanKind, str] = {
            "deploy": f"Deploy to {place} · {plan.version}",
            "rollback": f"Roll back to {plan.version} in {place}",
            "uninstall": f"Uninstall from {place} · {plan.version}",
            "restart": f"Restart in {place} · {plan.version}",
        }
        return words[plan.kind], "danger"
    if plan.kind == "rollback":
        return f"Roll back to {plan.version}", "primary"
    if plan.kind == "uninstall":
        return f"Uninstall from {plan.environment}", "danger"
    if plan.kind == "restart":
        return f"Restart in {plan.environment}", "primary"
    return f"Deploy to {plan.environment}", "primary"


def excerpt_of(plan: Plan) -> str:
    """The first changed lines, without what surrounds them; a removal is told by its lines already."""
    if plan.kind == "uninstall":
        return ""
    lines = [line for line in plan.diff.splitlines() if line[:1] in "+-" and not line.startswith("---")]
    told = [line.removeprefix("+++ plan/") if line.startswith("+++") else line for line in lines]
    more = [f"and {len(told) - EXCERPT} more lines"] if len(told) > EXCERPT else []
    return "\n".join([*(line[:80] for line in told[:EXCERPT]), *more])
