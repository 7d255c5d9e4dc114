"""From /build to the operation that it becomes."""

import asyncio
from contextlib import suppress
from dataclasses import asdict

from bot.commands.arguments import GitRef
from bot.commands.ask import Ask
from bot.commands.choices import run
from bot.commands.requests import Request
from bot.config import App, Environment
from bot.images.builds import Recipe
from bot.images.errors import SourceRefused, SourceUnreachable
from bot.images.proposing import propose
from bot.operations.build import Build, BuildArguments, Ship, ShipArguments
from bot.operations.desk import Order
from bot.operations.errors import Busy

BRANCHES = 6
LOOK = 10.0
"""Seconds in which a server should tell what it has, before a build of it is handed in."""


async def order_build(
    ask: Ask, app: App, ref: GitRef, *, again: bool = False, then: Environment | None = None
) -> None:
    """Hand a build in: whoever may build confirms nothing, since nothing runs of it yet.

    `then` is where the image goes: its plan follows, and is confirmed as any other.

    Raises: RefMissing. What keeps a server from telling what it has is left to the operation, which shows it.
    """
    recipe = recipe_of(app)
    if recipe is None:
        await _say_what_lacks(ask, app)
        return
    with suppress(SourceRefused, SourceUnreachable, TimeoutError):
        async with asyncio.timeout(LOOK):
            await ask.services.sources().check(recipe.git, ref)
    arguments = BuildArguments(recipe=recipe, ref=ref, again=again)
    if then is not None:
        request = asdict(Request("deploy", app.name, then.name))
        arguments = ShipArguments(recipe=recipe, ref=ref, request=request)
    order = Order(
        kind=Build.kind if then is None else Ship.kind,
        subject=f"build/{app.name}/{ref}",
        app=app.name,
        environment=then.name if then is not None else "",
        version=ref,
        arguments=arguments,
        author=ask.author,
        chat_id=ask.chat_id,
        topic=ask.topic,
        reply_to=ask.message_id,
        quotes=True,
    )
    try:
        await ask.submit(order)
    except Busy as busy:
        line = f"{busy.author} builds it already: operation {busy.holder}"
        await ask.show("said", heading=f"⏳ build {app.name} {ref}", lines=[line])


async def pick_ref(ask: Ask, app: App) -> None:
    """Ask which branch, the one with the newest commit first.

    Raises: ImagesError.
    """
    if app.source is None:
        await _say_what_lacks(ask, app)
        return
    found = await ask.services.sources().branches(app.source.git)
    if not found:
        await _say_empty(ask, app)
        return
    choices = [run(branch, f"/build {app.name} {branch}") for branch in found[:BRANCHES]]
    lines = ["Which branch?", f"Or a tag or commit: /build {app.name} v1.2"]
    await ask.show("said", choices, heading=f"Build {app.name}", lines=lines)


async def propose_dockerfile(ask: Ask, app: App) -> None:
    """Send a Dockerfile that fits what the source looks like.

    Raises: ImagesError.
    """
    if app.source is None:
        await _say_what_lacks(ask, app)
        return
    source, sources = app.source, ask.services.sources()
    branches = await sources.branches(source.git)
    if not branches:
        await _say_empty(ask, app)
        return
    branch = branches[0]

    async def has(name: str) -> bool:
        return await sources.read(source.git, branch, f"{source.path}/{name}") is not None

    name = app.build.dockerfile if app.build is not None else "Dockerfile"
    if await has(name):
        lines = [f"{name} is there in {branch}", f"Build it: /build {app.name} {branch}"]
        await ask.show("said", heading=f"{app.name} has a Dockerfile", lines=lines)
        return
    proposal = await propose(app.name, has)
    if proposal is None:
        lines = ["No go.mod, package.json, pyproject.toml or index.html", "Write a Dockerfile by hand"]
        await ask.show("said", heading=f"{app.name}: nobody can tell what it is", lines=lines)
        return
    await ask.document("Dockerfile", proposal.text, "document", {"heading": f"{app.name}: {proposal.title}"})


def recipe_of(app: App) -> Recipe | None:
    """How the app is built; None where the configuration does not say."""
    if app.source is None or app.build is None or app.image is None:
        return None
    return Recipe(
        app=app.name,
        image=app.image,
        git=app.source.git,
        path=app.source.path,
        dockerfile=app.build.dockerfile,
        tag=app.build.tag,
        target=app.build.target,
        args=dict(app.build.args),
        platforms=app.build.platforms,
    )


async def _say_empty(ask: Ask, app: App) -> None:
    lines = ["Its repository has no branch yet", "Push a commit, then try again"]
    await ask.show("said", heading=f"{app.name}: nothing to build", lines=lines)


async def _say_what_lacks(ask: Ask, app: App) -> None:
    parts = {"image": app.image, "source": app.source, "build": app.build}
    lacks = ", ".join(name for name, part in parts.items() if part is None)
    lines = [f"The configuration of {app.name} has no {lacks}"]
    await ask.show("said", heading=f"{app.name} can't be built", lines=lines)
