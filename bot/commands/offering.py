"""Which version is offered first: where mistakes reach users, what is healthy in the environment before.

Before is by the order of the app's `environments`. Healthy is by our own verdict, and still so at this moment.
"""

import shlex

from bot.commands.arguments import Sets
from bot.commands.ask import Ask
from bot.commands.choices import run
from bot.commands.confirming import propose
from bot.commands.plan_buttons import other_version
from bot.commands.requests import Request
from bot.commands.standing import Standing, standing
from bot.config import App
from bot.planning.errors import NothingThere
from bot.planning.proving import Proven, before_in, proven_by


async def offer(ask: Ask, app: App, environment: str, sets: Sets) -> None:
    """Plan the version that is offered first; where nothing is proven say so, and offer the newest as a choice."""
    found = await proven(ask, app, environment)
    if found is None or found.version:
        version = found.version if found is not None else await newest(ask, app)
        request = Request("deploy", app.name, environment, version, sets=sets.pairs)
        await propose(ask, request, proven=found)
        return
    version = await newest(ask, app)
    request = Request("deploy", app.name, environment, version, sets=sets.pairs)
    options = "".join(f" --set {shlex.quote(f'{key}={value}')}" for key, value in sets.pairs)
    choices = [run(f"Plan {version}", f"/deploy {app.name} {version} {environment}{options}")]
    if not sets.pairs:
        choices.append(other_version(request))
    choices.append(run("‹ Back", f"/deploy {app.name}"))
    heading = f"⚠️ No healthy {app.name} in {found.environment}"
    await ask.show("said", choices, heading=heading, lines=[found.why_not, f"The newest is {version}"])


async def newest(ask: Ask, app: App) -> str:
    """The app's newest version.

    Raises: NothingThere, ImagesError.
    """
    offered = await ask.services.versions.offered(app)
    if not offered:
        raise NothingThere(f"{app.name} has no versions yet", advice="Push one, or name a version")
    return offered[0]


async def proven(ask: Ask, app: App, environment: str) -> Proven | None:
    """What is healthy in the environment before a shouting one; None for others, and where none is before it."""
    before = before_in(list(app.environments), environment)
    if before is None or not ask.services.shouts(ask.config.target(app.name, environment)):
        return None
    if not ask.may("app.view", app.name, before).allowed:
        return Proven(before, why_not=f"You may not look at {before}")
    target = ask.config.target(app.name, before)
    now = await standing(ask.services, target, ask.who.identity)
    if now.state != "healthy":
        return Proven(before, why_not=_not_healthy(now))
    site = await ask.services.planner.site(target, ask.who.identity)
    return proven_by(before, now.version, await ask.services.releases.past(site))


def _not_healthy(now: Standing) -> str:
    if now.state == "absent":
        return "Not deployed there"
    if now.state == "moving":
        return f"{now.version} is still rolling out there"
    return f"{now.version}: {now.words}" if now.version else now.words
