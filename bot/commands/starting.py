"""A deploy that nobody confirms: in an environment that lets pushes start one, and only where nobody has to decide.

It is the plan of that moment, judged as one that a person would see. Whatever a person would be asked, told or
warned of leaves it to people.
"""

from dataclasses import replace

import structlog

from bot.commands.ask import Ask, Refused
from bot.commands.confirming import planned
from bot.commands.holding import holds_now
from bot.commands.ordering import order
from bot.commands.problems import record_refusal
from bot.commands.requests import Request
from bot.operations import holds
from bot.operations.errors import Busy, Held, Spent
from bot.operations.transience import is_transient
from bot.planning.plan import Plan
from bot.store import once

log = structlog.get_logger(__name__)


async def start(ask: Ask, build: str, app: str, environment: str, version: str) -> str:
    """Hand the deploy in, once for each `build`; why it was not, "" where it was.

    Raises: what passes by itself.
    """
    request = Request("deploy", app, environment, version)
    async with ask.services.database.read() as session:
        if await once.has_happened(session, _key(build)):  # before a crash that its step did not survive
            return ""
    try:
        return await _forbidden(ask, request) or await _handed_in(ask, request, build)
    except Exception as error:
        if is_transient(error):
            raise
        log.warning("a push's deploy was not started", build=build, exc_info=error)
        return ask.services.masker().mask_text(f"Not deployed: {error or type(error).__name__}")


async def _forbidden(ask: Ask, request: Request) -> str:
    place = (request.app, request.environment)
    if request.environment not in ask.config.apps[request.app].environments:
        return f"{request.app} does not run in {request.environment} any more"
    if ask.config.target(*place).environment.on_push != "deploy":
        return f"{request.environment} does not let pushes start a deploy any more"
    decision = ask.may("deploy.run", *place)
    if not decision.allowed:
        await record_refusal(ask, Refused(decision, " → ".join(place)))
        return f"Webhook {ask.who.webhook} may not deploy to {request.environment}"
    hold = (await holds_now(ask.services)).against(ask.who.id, *place)
    return holds.in_words(hold) if hold is not None else ""


async def _handed_in(ask: Ask, request: Request, build: str) -> str:
    plan = await planned(ask, request)
    why_not = asks_a_person(plan)
    if why_not:
        return why_not
    keys, now = [_key(build)], ask.services.clock.now()
    deploy = replace(order(ask, request, plan), reply_to=ask.message_id or None, chat_id=ask.chat_id or None)
    try:
        await ask.services.desk.submit(deploy, spend=lambda session: once.first(session, keys, now))
    except Spent:
        return ""
    except Busy as busy:
        return f"Not deployed: {busy}"
    except Held as held:
        return str(held)
    return ""


def _key(build: str) -> str:
    return f"deploy of {build}"


def asks_a_person(plan: Plan) -> str:
    """What of a plan a person has to decide; "" where nothing is left open."""
    if plan.unchanged:
        return f"{plan.environment} runs it already"
    if plan.shouts:
        return f"Deploys to {plan.environment} are confirmed by people"
    if plan.losses:
        return f"Not deployed: it would remove {plan.losses[0].kind} {plan.losses[0].name} for good"
    if plan.trial.contests or not plan.is_open:
        return "Not deployed: the cluster has something against it"
    if plan.foreign is not None:
        return f"Not deployed: what runs in {plan.environment} was put there by others"
    if any(each.changes and not each.autoscaled for each in plan.drift):
        return f"Not deployed: {plan.environment} was changed by hand"
    return ""
