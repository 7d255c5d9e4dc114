"""/drift: what was changed in clusters by hand since it was deployed."""

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import command
from bot.commands.disclosing import shows
from bot.commands.drifting import all_drifting
from bot.config import App, Environment

PAGE = 6
"""Apps in environments on one screen, each with its button."""

LINES = 10
"""Changes of one release on one screen."""

MOST = 40
"""Releases that are looked at for one answer: of each, all objects are read."""


@command("drift", permission="diff.view", example="/drift shop staging")
async def drift(ask: Ask, app: App | None = None, environment: Environment | None = None) -> None:
    """What was changed by hand since it was deployed."""
    if app is not None and environment is not None:
        await _one(ask, app.name, environment.name)
        return
    targets = ask.targets_of("diff.view", app, environment)
    found = await all_drifting(ask.services, targets[:MOST], ask.who.identity)
    names = [each.name for each in (app, environment) if each is not None]
    command_text = " ".join(["/drift", *names])
    shown = found[ask.skip : ask.skip + PAGE]
    choices = [
        run(f"{each.app} {each.environment}", f"/drift {each.app} {each.environment}")
        for each in shown
        if each.found is None or each.found.revision
    ]
    choices.append(run("Refresh", command_text))
    if len(found) > ask.skip + PAGE:
        choices.append(run("More", command_text, skip=ask.skip + PAGE))
    await ask.show(
        "drift",
        choices,
        shown=shown,
        looked=len(found),
        drifted=sum(each.weight > 0 for each in found),
        unknown=sum(each.found is None for each in found),
        unseen=len(targets) - len(found),
        now=ask.services.clock.now(),
    )


async def _one(ask: Ask, app: str, environment: str) -> None:
    target = ask.config.target(app, environment)
    found = await ask.services.inspector.drift(target, ask.who.identity)
    lines = [*found.by_hand, *(each for each in found.drift if each.autoscaled)]
    here = f"/drift {app} {environment}"
    choices: list[Choice] = []
    if found.by_hand and found.version and ask.may("deploy.run", app, environment).allowed:
        again = f"/deploy {app} {found.version} {environment}"
        choices.append(run("Plan to set it back", again, "primary"))
    if found.revision and ask.may("history.view", app, environment).allowed:
        choices.append(run("History", f"/history {app} {environment}"))
    if len(lines) > ask.skip + LINES:
        choices.append(run("More", here, skip=ask.skip + LINES))
    choices += [run("Refresh", here), run("‹ Drift", "/drift")]
    await ask.show(
        "drift_app",
        choices,
        app=app,
        environment=environment,
        it=found,
        lines=lines[ask.skip : ask.skip + LINES],
        more=max(0, len(lines) - ask.skip - LINES),
        values=shows(target, "diff"),
        now=ask.services.clock.now(),
    )
