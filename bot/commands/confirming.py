"""Plans on the screen: shown with the buttons that confirm them, made again when they are pressed.

What was confirmed is what runs: the press carries the digest that was seen, and a plan whose digest moved is shown
anew with what moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.holding import is_held, show_held
from bot.commands.losing import are_named
from bot.commands.stopping import in_the_way, stop_and_queue
from bot.commands.stopping import label as stopping_label
from bot.commands.ways_back import offer_revisions
from bot.config import Target
from bot.operations.deploy import CHART, VALUES, Deploy, DeployArguments
from bot.operations.desk import Order
from bot.operations.errors import Busy, Held
from bot.operations.operation import Arguments
from bot.operations.policy import Policy
from bot.operations.release import ReleaseArguments
from bot.operations.restart import Restart
from bot.operations.rollback import Rollback, RollbackArguments
from bot.operations.uninstall import Uninstall
from bot.planning.errors import NoneHealthy, PlanRefused
from bot.planning.going_back import Stopping
from bot.planning.plan import Plan, PlanKind
from bot.planning.proving import Proven
from bot.planning.values import frozen_form
from bot.telegram.messages import Document

EXPIRY = timedelta(minutes=5)
"""How long a plan may be confirmed: long enough to read it, short enough that it is still true."""

EXCERPT = 24
"""Lines of the diff in the plan's message; the rest is in the document."""

TITLES: Mapping[PlanKind, str] = {
    "deploy": "Plan",
    "rollback": "Roll back",
    "uninstall": "Uninstall",
    "restart": "Restart",
}
CONFIRMING = tuple(f"{kind}.go" for kind in TITLES)
"""The buttons that confirm plans: of several plans of one person for one release the newest alone has them."""


@dataclass(frozen=True)
class Request:
    """What a person asked for: enough to plan it again."""

    kind: PlanKind
    app: str
    environment: str
    version: str = ""
    revision: int | None = None
    stops: str = ""
    """The id of the deploy that a rollback stops first."""
    sets: Sequence[Sequence[str]] = field(default_factory=tuple)


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
        _choices(plan, request, discloses, stopping_label(ask, stopping) if stopping else ""),
        plan=plan,
        titles=TITLES,
        moved=moved,
        proven=proven,
        now=ask.services.clock.now(),
        excerpt=_excerpt(plan) if discloses else "",
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
        return await planner.rollback(target, request.revision, identity, stopping=stopping)
    if request.kind == "uninstall":
        return await planner.uninstall(target, identity)
    if request.kind == "restart":
        return await planner.restart(target, identity)
    sets = tuple((key, value) for key, value in request.sets)
    return await planner.deploy(target, request.version, identity, sets)


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


def order(ask: Ask, request: Request, plan: Plan) -> Order:
    """The operation that a confirmed plan becomes; its message is the plan's."""
    target = ask.config.target(request.app, request.environment)
    kind, arguments = _arguments(plan, policy_of(target), request.stops)
    frozen: dict[str, bytes] = {}
    if plan.frozen.archive is not None and plan.frozen.values is not None:
        frozen = {CHART: plan.frozen.archive.data, VALUES: frozen_form(plan.frozen.values)}
    return Order(
        kind=kind,
        subject=plan.site.id.subject,
        app=plan.app,
        environment=plan.environment,
        version=plan.version,
        arguments=arguments,
        author=ask.author,
        chat_id=ask.chat_id,
        topic=ask.topic,
        message_id=ask.message_id if ask.pressed else None,
        priority=1 if request.kind == "rollback" else 0,
        shouts=plan.shouts,
        quotes=target.environment.disclose == "logs",
        frozen=frozen,
    )


def policy_of(target: Target) -> Policy:
    """The environment's rules for changes, as an operation freezes them."""
    environment = target.environment
    return Policy(
        on_failure=environment.on_failure,
        timeout=environment.timeout,
        crash_restarts=environment.fail_early.crash_restarts,
        image_grace=environment.fail_early.image_grace,
        history_max=environment.history_max,
        create_namespace=environment.create_namespace,
        tests=target.app.tests,
        announces=environment.announce is not None,
    )


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


def _excerpt(plan: Plan) -> str:
    """The first changed lines, without what surrounds them; a removal is told by its lines already."""
    if plan.kind == "uninstall":
        return ""
    lines = [line for line in plan.diff.splitlines() if line[:1] in "+-" and not line.startswith("---")]
    told = [line.removeprefix("+++ plan/") if line.startswith("+++") else line for line in lines]
    more = [f"and {len(told) - EXCERPT} more lines"] if len(told) > EXCERPT else []
    return "\n".join([*(line[:80] for line in told[:EXCERPT]), *more])


def _choices(plan: Plan, request: Request, discloses: bool, stops: str) -> list[Choice]:
    """`stops` are the words of the button that stops a deploy first."""
    fields = asdict(request)
    go = {"request": fields, "digest": plan.digest, "inputs": dict(plan.inputs)}
    label, style = _label(plan)
    if stops:
        label, style = stops, "danger"
    choices = [
        Choice(
            label, f"{plan.kind}.go", go, style, app=plan.app, environment=plan.environment, lifetime=EXPIRY
        )
    ]
    if discloses and plan.document:
        choices.append(
            Choice("Full diff", "plan.diff", {"request": fields}, app=plan.app, environment=plan.environment)
        )
    if plan.kind == "deploy" and not request.sets:
        choices.append(other_version(request))
    choices.append(Choice("Close", "plan.close"))
    return choices


def other_version(request: Request) -> Choice:
    """The way to the other versions."""
    fields = {"request": asdict(request), "skip": 0}
    return Choice("Other version", "deploy.versions", fields, None, request.app, request.environment)


def _label(plan: Plan) -> tuple[str, Any]:
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


def _arguments(plan: Plan, policy: Policy, stops: str) -> tuple[str, Arguments]:
    shared: dict[str, Any] = {
        "site": plan.site,
        "policy": policy,
        "base": plan.base,
        "before": plan.now,
        "objects": plan.objects,
    }
    if plan.kind == "rollback":
        return Rollback.kind, RollbackArguments(
            **shared, revision=plan.revision, lasting=plan.lasting, stops=stops
        )
    if plan.kind == "uninstall":
        return Uninstall.kind, ReleaseArguments(**shared)
    if plan.kind == "restart":
        return Restart.kind, ReleaseArguments(**shared)
    return Deploy.kind, DeployArguments(**shared, image_digest=plan.image_digest)
