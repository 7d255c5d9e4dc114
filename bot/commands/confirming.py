"""Plans on the screen: shown with the buttons that confirm them, made again when they are pressed.

What was confirmed is what runs: the press carries the digest that was seen, and a plan whose digest moved is shown
anew with what moved.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.holding import is_held, show_held
from bot.commands.losing import are_named
from bot.commands.ordering import order
from bot.commands.plan_buttons import excerpt_of, other_version, plan_choices
from bot.commands.requests import CONFIRMING, EXPIRY, TITLES, Request
from bot.commands.stopping import in_the_way, stop_and_queue
from bot.commands.stopping import label as stopping_label
from bot.commands.ways_back import offer_revisions
from bot.operations.errors import Busy, Held
from bot.planning.errors import NoneHealthy, PlanRefused
from bot.planning.going_back import Stopping
from bot.planning.plan import Plan
from bot.planning.proving import Proven
from bot.telegram.messages import Document


async def propose(
    ask: Ask, request: Request, *, moved: str = "", again: bool = False, proven: Proven | None = None
) -> None:
    """Plan and show it; `again` offers to redeploy where nothing changes, `proven` is why this version.

    While an operation has the release there is nothing to plan against: its author is named instead.
    """
    if await is_held(ask, asdict(request)):
        return
    busy = await _holder(ask, request)
    stopping = await _to_stop(ask, request, busy)
    if busy is not None and stopping is None:
        await show_busy(ask, request, busy)
        return
    request = replace(request, stops=stopping.operation_id if stopping else "")
    try:
        plan = await planned(ask, request, stopping)
    except NoneHealthy as none:
        await offer_revisions(ask, request.app, request.environment, none)
        return
    if plan.unchanged and not again:
        await _show_unchanged(ask, request, plan, proven)
        return
    target = ask.config.target(request.app, request.environment)
    discloses = target.environment.disclose != "summary"
    shown = await ask.show(
        "plan",
        plan_choices(
            plan, request, discloses=discloses, stops=stopping_label(ask, stopping) if stopping else ""
        ),
        plan=plan,
        titles=TITLES,
        moved=moved,
        proven=proven,
        now=ask.services.clock.now(),
        excerpt=excerpt_of(plan) if discloses else "",
        author=ask.who.name,
        until=ask.services.clock.now() + EXPIRY,
    )
    if shown is not None:
        await ask.services.screen.supersede(
            CONFIRMING, ask.who.id, request.app, request.environment, asked=ask.here
        )


async def _show_unchanged(ask: Ask, request: Request, plan: Plan, proven: Proven | None) -> None:
    """Nothing would change: a deploy may be made all the same, a rollback has other revisions."""
    place = plan.app, plan.environment
    choices = [Choice("Close", "plan.close")]
    if request.kind == "deploy":
        again = Choice("Deploy again", "deploy.again", {"request": asdict(request)}, None, *place)
        choices = [again, *([] if request.sets else [other_version(request)]), *choices]
    elif ask.may("history.view", *place).allowed:
        choices.insert(0, run("History", f"/history {plan.app} {plan.environment}"))
    await ask.show("unchanged", choices, plan=plan, proven=proven, now=ask.services.clock.now())


async def planned(ask: Ask, request: Request, stopping: Stopping | None = None) -> Plan:
    """The plan of a request, made now, in the person's name."""
    target = ask.config.target(request.app, request.environment)
    planner, identity = ask.services.planner, ask.who.identity
    if request.kind == "rollback":
        return await planner.rollback(
            target, request.revision, identity, stopping=stopping, takes=request.takes
        )
    if request.kind == "uninstall":
        return await planner.uninstall(target, identity)
    if request.kind == "restart":
        return await planner.restart(target, identity)
    sets = tuple((key, value) for key, value in request.sets)
    return await planner.deploy(target, request.version, identity, sets, takes=request.takes)


async def check_plannable(ask: Ask, request: Request) -> None:
    """Go on only where there is something to plan, or to wait for.

    Raises: what planning raises.
    """
    busy = await _holder(ask, request)
    stopping = await _to_stop(ask, request, busy)
    if busy is None or stopping is not None:
        await planned(ask, request, stopping)


async def confirmed(
    ask: Ask,
    fields: Mapping[str, Any],
    digest: str,
    inputs: Mapping[str, str],
    named: Mapping[str, Any] | None = None,
) -> None:
    """A plan's button was pressed: plan again, and run it if it is still the one that was seen.

    `named` is what goes for good with it, once the person was asked about that.
    """
    request = Request(**fields)
    if await is_held(ask, fields):
        return
    busy = await _holder(ask, request)
    stopping = await _to_stop(ask, request, busy)
    if (request.stops or busy is not None) and (stopping is None or stopping.operation_id != request.stops):
        await propose(ask, request, moved="Since you looked: who has the release changed.")
        return
    plan = await planned(ask, request, stopping)
    if plan.digest != digest:
        await propose(
            ask, request, moved=f"Since you looked: {', '.join(plan.moved(inputs))}. New plan below."
        )
        return
    if not plan.is_open:  # shown, and not digested: it may change while nothing of the plan does
        await propose(ask, request, moved="Since you looked: the cluster answers otherwise. New plan below.")
        return
    going = {"request": fields, "digest": digest, "inputs": inputs}
    if not await are_named(ask, plan, going, named, EXPIRY):
        return
    try:
        if stopping is not None:
            await stop_and_queue(ask, stopping, order(ask, request, plan), plan)
        else:
            await ask.submit(order(ask, request, plan))
    except Busy as taken:
        await show_busy(ask, request, taken)
    except Held as held:
        await show_held(ask, held, fields)


async def _holder(ask: Ask, request: Request) -> Busy | None:
    """Who has the release."""
    target = ask.config.target(request.app, request.environment)
    site = await ask.services.planner.site(target, ask.who.identity)
    return await ask.services.desk.holder(site.id.subject)


async def _to_stop(ask: Ask, request: Request, busy: Busy | None) -> Stopping | None:
    """The deploy that stands in a rollback's way."""
    if busy is None or request.kind != "rollback":
        return None
    return await in_the_way(ask, busy)


async def show_busy(ask: Ask, request: Request, busy: Busy) -> None:
    """Tell who holds the release, and offer to wait."""
    row = await ask.services.desk.find(busy.holder)
    choices = []
    if request.kind == "deploy":
        again = {"request": asdict(request)}
        choices.append(
            Choice("Deploy when free", "deploy.wait", again, "primary", request.app, request.environment)
        )
    choices.append(Choice("Close", "plan.close"))
    await ask.show(
        "busy",
        choices,
        app=request.app,
        environment=request.environment,
        author=busy.author,
        what=busy.what,
        since=row.created_at if row is not None else ask.services.clock.now(),
    )


async def show_expired(ask: Ask, fields: Mapping[str, Any]) -> None:
    """A plan that nobody may confirm any more, with the way to the same one of now."""
    request = Request(**fields)
    choices = [
        Choice(
            "Plan again",
            "plan.again",
            {"request": asdict(request)},
            "primary",
            request.app,
            request.environment,
        ),
        Choice("Close", "plan.close"),
    ]
    place = f"{request.app} → {request.environment} {request.version}".strip()
    lines = [f"Plans hold for {EXPIRY.seconds // 60} minutes", "Nothing was changed"]
    await ask.show("said", choices, heading=f"📋 Plan expired: {place}", lines=lines)


async def full_diff(ask: Ask, fields: Mapping[str, Any]) -> None:
    """The plan's diff as a document, where the environment still shows it in chats.

    Raises: PlanRefused.
    """
    request = Request(**fields)
    if ask.config.target(request.app, request.environment).environment.disclose == "summary":
        raise PlanRefused(f"Manifests of {request.environment} are not shown in chats any more")
    plan = await planned(ask, request)
    name = f"{plan.app}-{plan.environment}-{plan.version}.diff"
    masked = ask.services.masker().mask_text(plan.document or "No difference\n")
    document = Document(name, masked.encode())
    await ask.show("document", document=document, heading=f"{plan.app} → {plan.environment} {plan.version}")
