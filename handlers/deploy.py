"""/deploy: put a version of an app into an environment."""

from typing import Any

from bot.commands.arguments import NO_SETS, Sets, Version
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.confirming import confirmed, full_diff, propose
from bot.commands.declaring import BUTTONS, KNOWN, button, command
from bot.commands.offering import offer, proven
from bot.commands.requests import Request
from bot.commands.standing import standing
from bot.config import App, Environment
from bot.operations.desk import Order
from bot.operations.turn import Turn

OFFERED = 6
"""Versions on one screen: more don't fit above the fold of a phone."""


@command("deploy", permission="deploy.run", example="/deploy shop v1.2 staging", group="Deploy")
async def deploy(
    ask: Ask, app: App, environment: Environment, version: Version | None = None, sets: Sets = NO_SETS
) -> None:
    """Deploy a version of an app."""
    if sets.pairs:
        ask.need("deploy.set", app.name, environment.name)
    if version is None:
        await offer(ask, app, environment.name, sets)
        return
    await propose(ask, Request("deploy", app.name, environment.name, version, sets=sets.pairs))


@button("deploy.go", permission="deploy.run")
async def go(
    ask: Ask,
    request: dict[str, Any],
    digest: str,
    inputs: dict[str, str],
    named: dict[str, Any] | None = None,
) -> None:
    """Confirm a plan."""
    if request["sets"]:
        ask.need("deploy.set", request["app"], request["environment"])
    await confirmed(ask, request, digest, inputs, named)


@button("deploy.again", permission="deploy.run")
async def again(ask: Ask, request: dict[str, Any]) -> None:
    """Deploy what is deployed already."""
    await propose(ask, Request(**request), again=True)


@button("deploy.versions", permission="deploy.run")
async def versions(ask: Ask, request: dict[str, Any], skip: int) -> None:
    """Offer other versions, newest first."""
    app, environment = request["app"], request["environment"]
    configured = ask.config.apps[app]
    offered = await ask.services.versions.offered(configured)
    here = offered[skip : skip + OFFERED]
    built = await ask.services.versions.built(configured, here)
    target = ask.config.target(app, environment)
    running = (await standing(ask.services, target, ask.who.identity)).version
    choices = [run(version, f"/deploy {app} {version} {environment}") for version in here]
    now = ask.services.clock.now()
    listed = [
        {"name": version, "age": (now - at).total_seconds() if (at := built.get(version)) else None}
        for version in here
    ]
    if len(offered) > skip + OFFERED:
        more = {"request": request, "skip": skip + OFFERED}
        choices.append(Choice("Older", "deploy.versions", more, app=app, environment=environment))
    choices.append(run("‹ Back", f"/deploy {app} {environment}"))
    await ask.show(
        "versions",
        choices,
        app=app,
        environment=environment,
        versions=listed,
        running=running,
        proven=await proven(ask, configured, environment),
    )


@button("deploy.wait", permission="deploy.run")
async def wait(ask: Ask, request: dict[str, Any]) -> None:
    """Wait until the release is free, then plan again."""
    target = ask.config.target(request["app"], request["environment"])
    site = await ask.services.planner.site(target, ask.who.identity)
    turn = Order(
        kind=Turn.kind,
        subject=site.id.subject,
        app=request["app"],
        environment=request["environment"],
        version=request["version"],
        arguments=Turn.Arguments(request=request),
        author=ask.author,
        chat_id=ask.chat_id,
        topic=ask.topic,
        message_id=ask.message_id,
    )
    operation_id = await ask.submit(turn, wait=True)
    cancel = Choice("Stop waiting", "operation.cancel", {"operation_id": operation_id})
    place = f"{request['app']} → {request['environment']} {request['version']}"
    await ask.show("said", [cancel], heading=f"⏳ {place} waits", lines=["Planned again when it is free"])


@button("plan.again", permission=KNOWN)
async def plan_again(ask: Ask, request: dict[str, Any]) -> None:
    """Plan again what an expired plan was for, by the right that confirming it takes."""
    place = request["app"], request["environment"]
    permission = BUTTONS[f"{request['kind']}.go"].permission
    if permission != KNOWN:
        ask.need(permission, *place)
    if request["sets"]:
        ask.need("deploy.set", *place)
    await propose(ask, Request(**request))


@button("plan.diff", permission="diff.view")
async def diff(ask: Ask, request: dict[str, Any]) -> None:
    """The whole diff of a plan, as a document."""
    await full_diff(ask, request)


@button("plan.close", permission=KNOWN)
async def close(ask: Ask) -> None:
    """Put a plan away."""
    await ask.show("said", heading="Closed", lines=["Nothing was changed"])
