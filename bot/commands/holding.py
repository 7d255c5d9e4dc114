"""What keeps a change back, on the screen: who, why, until when, and what one can do about it.

Whom it keeps back is bot.operations.holds' to say; setting and taking locks is for handlers.locks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.services import Services
from bot.operations import holds
from bot.operations.errors import Held
from bot.operations.holds import Holds
from bot.store.holds import Lock, Standstill

LONGEST_LINE = 60
"""Characters of a reason in a list; the lock's own screen has all of it."""


async def holds_now(services: Services) -> Holds:
    """Everything that keeps changes back."""
    async with services.database.read() as session:
        return await holds.read(session, services.clock)


async def is_held(ask: Ask, request: Mapping[str, Any]) -> bool:
    """Whether something keeps this person's request back; then the screen that says what is shown."""
    app, environment = request["app"], request["environment"]
    hold = (await holds_now(ask.services)).against(ask.who.id, app, environment)
    if hold is not None:
        await _record(ask, hold, app, environment)
        await show_hold(ask, hold, app, environment, request)
    return hold is not None


async def show_held(ask: Ask, held: Held, request: Mapping[str, Any] | None = None) -> None:
    """A change was kept back when it was handed in."""
    await _record(ask, held.hold, held.app, held.environment)
    await show_hold(ask, held.hold, held.app, held.environment, request)


async def show_hold(
    ask: Ask, hold: Lock | Standstill, app: str, environment: str, request: Mapping[str, Any] | None = None
) -> None:
    """Who keeps it back, and the ways on: be told, wait one's turn, or take the lock in so many words."""
    place = (app, environment)
    fields = {"app": app or None, "environment": environment, "request": request}
    choices = [Choice("Tell me when free", "hold.call", fields, None, *place)]
    if request is not None and request["kind"] == "deploy":
        choices.append(Choice("Queue this deploy", "deploy.wait", {"request": request}, None, *place))
    if isinstance(hold, Standstill):
        if ask.may("operations.stop").allowed:
            choices.append(run("Start again", "/startall"))
    elif may_take(ask, app, environment, request):
        taking = {**fields, "since": hold.since.isoformat()}
        choices.append(Choice(f"Take {hold.holder}'s lock", "lock.ask", taking, "danger", *place))
    await ask.show("held", choices, hold=hold, is_lock=isinstance(hold, Lock), now=ask.services.clock.now())


def may_take(ask: Ask, app: str, environment: str, request: Mapping[str, Any] | None) -> bool:
    """Whether the person may take a lock there: whoever may take locks, and for a way back whoever may roll back."""
    if request is not None and request["kind"] == "rollback":
        return ask.may("deploy.rollback", app, environment).allowed
    return all(ask.may("lock.take", each, environment).allowed for each in covered(ask, app, environment))


def covered(ask: Ask, app: str, environment: str) -> Sequence[str]:
    """The apps that a lock covers: one, or every app of the environment."""
    if app:
        return (app,)
    return [each.app.name for each in ask.config.targets() if each.environment.name == environment]


def lines_of(found: Holds, places: Sequence[tuple[str, str]]) -> list[str]:
    """What keeps changes of these apps in these environments back, a line for each hold."""
    lines = []
    if found.standstill is not None:
        lines.append(f"⏸ Stopped by {found.standstill.by}: “{_short(found.standstill.reason)}”")
    environments = {environment for _, environment in places}
    for lock in found.locks:
        if (lock.app, lock.environment) in places or (not lock.app and lock.environment in environments):
            lines.append(f"🔒 {lock.place}: {lock.holder}, “{_short(lock.reason)}”")
    return lines


async def _record(ask: Ask, hold: Lock | Standstill, app: str, environment: str) -> None:
    await ask.record("refused", "refused", app=app, environment=environment, detail=holds.in_words(hold))


def _short(reason: str) -> str:
    return reason if len(reason) <= LONGEST_LINE else f"{reason[: LONGEST_LINE - 1]}…"
