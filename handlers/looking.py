"""/diff, /render, /values and /history: what is deployed, and what the configuration would deploy."""

from bot.commands.arguments import NO_SETS, Sets, Version
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.confirming import planned
from bot.commands.declaring import command
from bot.commands.disclosing import disclosed
from bot.commands.requests import Request
from bot.config import App, Environment, Target
from bot.planning.differences import to_yaml
from bot.planning.errors import NothingThere
from bot.planning.live import read_live, version_of


@command("diff", permission="diff.view", example="/diff shop v1.3 staging")
async def diff(ask: Ask, app: App, environment: Environment, version: Version | None = None) -> None:
    """What deploying a version would change; without one, what the configuration changed since."""
    target = disclosed(ask, app.name, environment.name, "diff")
    chosen = version or await _deployed(ask, target)
    plan = await planned(ask, Request("deploy", app.name, environment.name, chosen))
    if not plan.diff:
        await ask.show(
            "said", heading=f"{app.name} in {environment.name} is {chosen}", lines=["No difference"]
        )
        return
    name = f"{app.name}-{environment.name}-{plan.version}.diff"
    heading = f"{app.name} → {environment.name} {plan.version}: +{plan.added} −{plan.removed}"
    await ask.document(name, plan.diff, "document", {"heading": heading})


@command("render", permission="values.view", example="/render shop v1.3 staging")
async def render(
    ask: Ask, app: App, environment: Environment, version: Version | None = None, sets: Sets = NO_SETS
) -> None:
    """The manifests of a version as a YAML document, secrets masked."""
    if sets.pairs:
        ask.need("deploy.set", app.name, environment.name)
    target = disclosed(ask, app.name, environment.name, "diff")
    chosen = version or await _deployed(ask, target)
    text = await ask.services.inspector.rendered(target, chosen, ask.who.identity, sets.pairs)
    name = f"{app.name}-{environment.name}-{chosen or 'chart'}.yaml"
    await ask.document(name, text, "document", {"heading": f"{app.name} → {environment.name} {chosen}"})


@command("values", permission="values.view", example="/values shop staging")
async def values(ask: Ask, app: App, environment: Environment) -> None:
    """The values that a deploy would pass, merged, secrets masked."""
    target = disclosed(ask, app.name, environment.name, "diff")
    chosen = await _deployed(ask, target)
    found = await ask.services.inspector.values(target, chosen)
    name = f"{app.name}-{environment.name}-values.yaml"
    await ask.document(
        name, to_yaml(found), "document", {"heading": f"{app.name} in {environment.name}: values"}
    )


@command("history", permission="history.view", example="/history shop staging")
async def history(ask: Ask, app: App, environment: Environment) -> None:
    """The revisions of a release, by our own verdicts, and the way back to them."""
    target = ask.config.target(app.name, environment.name)
    site = await ask.services.planner.site(target, ask.who.identity)
    past = await ask.services.releases.past(site)
    if past.newest is None:
        raise NothingThere(f"{app.name} is not deployed in {environment.name}")
    shown = list(reversed(past.revisions))[:10]
    versions = await ask.services.inspector.versions_of(target, site, past, shown)
    live = past.live
    choices: list[Choice] = []
    if ask.may("deploy.rollback", app.name, environment.name).allowed:
        others = [each for each in shown if not each.busy and (live is None or each.number != live.number)]
        choices = [
            run(f"Back to {each.number}", f"/rollback {app.name} {environment.name} {each.number}")
            for each in others[:3]
        ]
    choices.append(run("Status", f"/status {app.name} {environment.name}"))
    await ask.show(
        "history",
        choices,
        app=app.name,
        environment=environment.name,
        shown=shown,
        past=past,
        live=live,
        versions=versions,
    )


async def _deployed(ask: Ask, target: Target) -> str:
    """The version that runs there now, else the newest there is."""
    services = ask.services
    site = await services.planner.site(target, ask.who.identity)
    live = await read_live(services.releases, site)
    found = version_of(target, live.past, live.record)
    if found or target.app.image is None:
        return found
    offered = await services.versions.offered(target.app)
    return offered[0] if offered else ""
