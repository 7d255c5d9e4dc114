"""What is missing in a command is asked for with buttons: app, then environment. One message, edited through."""

import shlex

from bot.commands.arguments import Bound, Reason, Rest
from bot.commands.ask import Ask, Refused
from bot.commands.choices import Choice, run
from bot.commands.declaring import KNOWN, Declared
from bot.commands.holding import holds_now
from bot.commands.standing import all_standing
from bot.config import App, Environment, Target

PAGE = 6
"""Entries on one screen: with the ways back and on, no more than the eight buttons that a message may have."""


async def pick(ask: Ask, declared: Declared, bound: Bound, missing: str) -> None:
    """Show the picker for the argument `missing` (the name of a required parameter).

    Raises: Refused when there is nothing that the person may pick.
    """
    permission = "app.view" if declared.permission == KNOWN else declared.permission
    targets = ask.targets(permission)
    app = _bound(declared, bound, App)
    environment = _bound(declared, bound, Environment)
    targets = [
        target
        for target in targets
        if app in (None, target.app.name) and environment in (None, target.environment.name)
    ]
    if not targets:
        raise Refused(ask.may(permission, app, environment), app or environment or "")
    parameter = next(each for each in declared.parameters if each.name == missing)
    if parameter.type is App or (parameter.type is Environment and app is None and declared.takes(App)):
        where = f" {environment}" if environment is not None else ""
        await _pick_app(ask, declared, targets, where + _rest(declared, bound))
    elif parameter.type is Environment and app is not None:
        await _pick_environment(ask, declared, app, targets, _rest(declared, bound))
    elif parameter.type is Reason:
        place = [name for kind in (App, Environment) if (name := _bound(declared, bound, kind))]
        example = " ".join([f"/{declared.name}", *place, "database migration"]) if place else declared.example
        await ask.show("said", heading=f"/{declared.name} needs a reason", lines=[f"Example: {example}"])
    else:
        await ask.show("said", heading=f"/{declared.name} needs more", lines=[f"Example: {declared.example}"])


async def place(
    ask: Ask, declared: Declared, app: App | None, environment: Environment | None, rest: Rest
) -> Target | None:
    """Where a command looks whose app and environment may be left out; None when a picker was shown instead.

    An app that the person may see in one environment only needs no environment.
    Raises: Refused.
    """
    if app is not None and environment is not None:
        return ask.config.target(app.name, environment.name)
    bound = Bound({"rest": rest} | ({"environment": environment} if environment is not None else {}))
    if app is None:
        await pick(ask, declared, bound, "app")
        return None
    assert declared.permission != KNOWN
    targets = [each for each in ask.targets(declared.permission) if each.app.name == app.name]
    if len(targets) == 1:
        return targets[0]
    bound.values["app"] = app
    await pick(ask, declared, bound, "environment")
    return None


async def _pick_app(ask: Ask, declared: Declared, targets: list[Target], rest: str) -> None:
    names = list(dict.fromkeys(target.app.name for target in targets))
    shown = names[ask.skip : ask.skip + PAGE]
    choices = [run(name, f"/{declared.name} {name}{rest}") for name in shown]
    choices += _paging(ask, f"/{declared.name}{rest}", len(names))
    await ask.show("said", choices, heading=f"{declared.summary}", lines=["Which app?"])


async def _pick_environment(ask: Ask, declared: Declared, app: str, targets: list[Target], rest: str) -> None:
    shown = targets[ask.skip : ask.skip + PAGE]
    found = {each.environment: each for each in await all_standing(ask.services, shown, ask.who.identity)}
    kept_back = await holds_now(ask.services)
    choices: list[Choice] = []
    lines = ["Where?"]
    for target in shown:
        name = target.environment.name
        choices.append(run(name, f"/{declared.name} {app} {name}{rest}"))
        lines.append(f"{found[name].symbol} {name} {found[name].version or 'not deployed'}")
        if (lock := kept_back.lock_on(app, name)) is not None:
            lines.append(f"🔒 locked by {lock.holder}")
    lines += [f"⏸ Everything is stopped by {kept_back.standstill.by}"] if kept_back.standstill else []
    choices += _paging(ask, f"/{declared.name} {app}{rest}", len(targets))
    if not ask.skip:
        choices.append(run("‹ Back", f"/{declared.name}{rest}"))
    await ask.show("said", choices, heading=f"{declared.summary}: {app}", lines=lines)


def _paging(ask: Ask, command: str, entries: int) -> list[Choice]:
    """The ways back and on in a list that is longer than a page."""
    back = [run("‹ Back", command, skip=max(0, ask.skip - PAGE))] if ask.skip else []
    more = [run("More", command, skip=ask.skip + PAGE)] if entries > ask.skip + PAGE else []
    return back + more


def _rest(declared: Declared, bound: Bound) -> str:
    """The other words of the command, to be typed again by the buttons."""
    parameter = declared.takes(Rest)
    words = bound.values.get(parameter.name, ()) if parameter is not None else ()
    return "".join(f" {shlex.quote(word)}" for word in words)


def _bound(declared: Declared, bound: Bound, kind: type) -> str | None:
    parameter = declared.takes(kind)
    value = bound.values.get(parameter.name) if parameter is not None else None
    return value.name if value is not None else None
