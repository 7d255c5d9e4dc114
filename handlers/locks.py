"""/lock, /unlock and /locks: named holds on apps and environments, and taking over somebody else's."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.commands.arguments import Reason
from bot.commands.ask import Ask, Refused
from bot.commands.choices import Choice, run
from bot.commands.confirming import check_plannable, propose
from bot.commands.declaring import KNOWN, button, command
from bot.commands.holding import covered, holds_now, may_take, show_hold
from bot.commands.requests import Request
from bot.commands.showing import Page
from bot.commands.spans import cut_span
from bot.commands.tapping import asked_now, is_second_tap
from bot.config import App, Environment
from bot.operations import holds
from bot.operations.desk import Order
from bot.operations.turn import Call
from bot.planning.errors import NothingThere, PlanRefused
from bot.store.holds import Lock, end_lock, keep_lock
from bot.telegram.messages import ChatTarget

SHOWN = 6
"""Locks on one screen, each with its button."""


@command(
    "lock", permission="lock.set", example="/lock shop staging database migration for 2h", group="Operate"
)
async def lock(ask: Ask, environment: Environment, reason: Reason, app: App | None = None) -> None:
    """Keep others from changing an app or a whole environment."""
    name = app.name if app else ""
    if not covered(ask, name, environment.name):
        raise NothingThere(f"No app runs in {environment.name}")
    for each in covered(ask, name, environment.name):
        ask.need("lock.set", each, environment.name)
    now = ask.services.clock.now()
    why, until = cut_span(reason, now, ask.config.zone)
    if not why:
        raise PlanRefused(
            "A lock needs a reason", advice="Others read it: /lock shop staging migration for 2h"
        )
    wanted = Lock(
        environment.name,
        name,
        why,
        ask.who.id,
        ask.who.name,
        now,
        until,
        ask.chat_id,
        ask.topic,
        ask.message_id,
    )
    async with ask.services.database.write() as session:
        hold = (await holds.read(session, ask.services.clock)).lock_on(name, environment.name)
        is_free = hold is None or hold.holder_id == ask.who.id
        if is_free:
            await keep_lock(session, wanted)
            await _record(ask, "lock.set", wanted, session)
    if hold is not None and not is_free:
        await show_hold(ask, hold, name, environment.name)
    else:
        await _show_set(ask, wanted)


@command("unlock", permission="lock.set", example="/unlock shop staging", group="Operate")
async def unlock(ask: Ask, app: App | None = None, environment: Environment | None = None) -> None:
    """End your lock."""
    wanted = [
        each
        for each in await _visible(ask)
        if (environment is None or each.environment == environment.name)
        and (app is None or each.app == app.name)
    ]
    if environment is not None and app is None:
        wanted = [each for each in wanted if not each.app] or wanted
    mine = [each for each in wanted if each.holder_id == ask.who.id]
    if len(mine) == 1:
        await _end(ask, mine[0])
    elif not wanted:
        place = f": {environment.name}" if environment else ""
        await ask.show("said", [run("Locks", "/locks")], heading=f"Nothing is locked{place}", lines=[])
    elif len(wanted) == 1:
        await show_hold(ask, wanted[0], wanted[0].app, wanted[0].environment)
    else:
        await _show_locks(ask, wanted)


@command("locks", permission="app.view", example="/locks")
async def locks(ask: Ask) -> None:
    """What is locked, by whom and why."""
    await _show_locks(ask, await _visible(ask))


@button("lock.ask", permission=KNOWN)
async def ask_to_take(
    ask: Ask, environment: str, app: str | None, request: dict[str, Any] | None, since: str
) -> None:
    """Ask whether somebody's lock is really to be taken, and say what that means."""
    _need_taking(ask, environment, app, request)
    hold = (await holds_now(ask.services)).lock_on(app or "", environment)
    if hold is None or hold.since.isoformat() != since:
        await _show_moved(ask, environment, app, request)
        return
    if request is not None:
        await check_plannable(ask, Request(**request))  # a lock taken for what can't be done helps nobody
    now = ask.services.clock.now()
    fields = {
        "environment": environment,
        "app": app,
        "request": request,
        "since": since,
        "holder": hold.holder,
        "at": asked_now(ask),
    }
    back = {"request": request} if request is not None else None
    choices = [
        Choice("‹ Back", "plan.again", back, None, app, environment) if back else run("‹ Locks", "/locks"),
        Choice(f"Take {hold.holder}'s lock", "lock.take", fields, "danger", app, environment),
    ]
    await ask.show("lock_ask", choices, lock=hold, app=app, now=now)


@button("lock.take", permission=KNOWN)
async def take(
    ask: Ask,
    environment: str,
    app: str | None,
    request: dict[str, Any] | None,
    since: str,
    holder: str,
    at: str,
) -> None:
    """Take somebody's lock over, or an app out of the one on its environment, and tell them."""
    _need_taking(ask, environment, app, request)
    now = ask.services.clock.now()
    if is_second_tap(ask, at):
        return
    async with ask.services.database.write() as session:
        hold = (await holds.read(session, ask.services.clock)).lock_on(app or "", environment)
        if hold is not None and hold.since.isoformat() == since:
            taken = _taken(ask, hold, app or "", now)
            await keep_lock(session, taken)
            await _record(ask, "lock.take", taken, session)
            told = Page("lock_taken", {"lock": hold, "taker": ask.who.name, "app": app})
            to = ChatTarget(hold.chat_id, hold.topic)
            key = f"taken {ask.token}"
            await ask.services.screen.enqueue(session, to, told, key=key, reply_to=hold.message_id)
            hold = taken
    ask.services.screen.wake()
    if hold is None or hold.holder_id != ask.who.id:  # it may be theirs by an earlier handling of this press
        await _show_moved(ask, environment, app, request)
    elif request is not None:
        await propose(ask, Request(**request), moved=f"{holder}'s lock is yours now. The plan:")
    else:
        await _show_set(ask, hold)


@button("hold.call", permission="app.view")
async def call_me(ask: Ask, environment: str, app: str | None, request: dict[str, Any] | None) -> None:
    """Be told when nothing keeps the place back any more."""
    if (await holds_now(ask.services)).against(ask.who.id, app or "", environment) is None:
        await _show_moved(ask, environment, app, request)
        return
    call = Order(
        kind=Call.kind,
        subject=f"call {ask.token}",
        app=app or "",
        environment=environment,
        version="",
        arguments=Call.Arguments(request=request),
        author=ask.author,
        chat_id=ask.chat_id,
        topic=ask.topic,
        message_id=ask.message_id,
    )
    await ask.submit(call, wait=True)
    ask.toast("You are told here when it is free")


def _need_taking(ask: Ask, environment: str, app: str | None, request: dict[str, Any] | None) -> None:
    """Raises: Refused."""
    if may_take(ask, app or "", environment, request):
        return
    for each in covered(ask, app or "", environment):
        ask.need("lock.take", each, environment)
    raise Refused(ask.may("deploy.rollback", app, environment), f"{app} → {environment}")


def _taken(ask: Ask, hold: Lock, app: str, now: datetime) -> Lock:
    """The lock as its new holder has it; its end stays."""
    return replace(
        hold,
        app=app,
        reason=f"taken from {hold.holder}: {hold.reason}"[:300],
        holder_id=ask.who.id,
        holder=ask.who.name,
        since=now,
        chat_id=ask.chat_id,
        topic=ask.topic,
        message_id=ask.message_id,
    )


async def _end(ask: Ask, ended: Lock) -> None:
    async with ask.services.database.write() as session:
        await end_lock(session, ended)
        await _record(ask, "lock.end", ended, session)
    ask.services.desk.wake()
    lines = [f"By {ask.who.name}", "Whoever waits has their turn"]
    await ask.show("said", [run("Locks", "/locks")], heading=f"🔓 {ended.place} unlocked", lines=lines)


async def _show_set(ask: Ask, wanted: Lock) -> None:
    here = covered(ask, wanted.app, wanted.environment)
    running = [
        row
        for row in await ask.services.desk.begun()
        if row.environment == wanted.environment and row.app in here
    ]
    found = await holds_now(ask.services)
    others = [
        each
        for each in found.locks
        if not wanted.app
        and each.app
        and each.environment == wanted.environment
        and each.holder_id != ask.who.id
    ]
    choices = [run("Unlock", _unlocking(wanted)), run("Locks", "/locks")]
    now = ask.services.clock.now()
    await ask.show("lock_set", choices, lock=wanted, now=now, running=running, others=others)


async def _show_locks(ask: Ask, found: list[Lock]) -> None:
    shown = found[:SHOWN]
    choices = [
        run(f"Unlock {each.place}", _unlocking(each)) for each in shown if each.holder_id == ask.who.id
    ]
    choices.append(run("Refresh", "/locks"))
    standstill = (await holds_now(ask.services)).standstill
    await ask.show(
        "locks",
        choices,
        locks=shown,
        more=len(found) - len(shown),
        standstill=standstill,
        now=ask.services.clock.now(),
    )


async def _show_moved(ask: Ask, environment: str, app: str | None, request: dict[str, Any] | None) -> None:
    """Another lock is there by now, or none."""
    hold = (await holds_now(ask.services)).against(ask.who.id, app or "", environment)
    if hold is not None:
        await show_hold(ask, hold, app or "", environment, request)
        return
    place = f"{app} in {environment}" if app else environment
    choices = [run("Locks", "/locks")]
    if request is not None:
        choices = [Choice("Plan again", "plan.again", {"request": request}, "primary", app, environment)]
    await ask.show("said", choices, heading=f"🔓 {place} is free now", lines=[])


async def _visible(ask: Ask) -> list[Lock]:
    found = await holds_now(ask.services)
    return [
        lock
        for lock in found.locks
        if any(
            ask.may("app.view", each, lock.environment).allowed
            for each in covered(ask, lock.app, lock.environment)
        )
    ]


def _unlocking(wanted: Lock) -> str:
    return f"/unlock {wanted.app} {wanted.environment}".replace("  ", " ")


async def _record(ask: Ask, action: str, of: Lock, session: Any) -> None:
    until = f" until {of.until:%Y-%m-%d %H:%M} UTC" if of.until else ""
    await ask.record(
        action,
        "done",
        app=of.app or None,
        environment=of.environment,
        detail=f"{of.reason}{until}",
        session=session,
    )
