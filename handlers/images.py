"""/images: what there is in an app's repository, and where each of it runs."""

from bot.commands.ask import Ask
from bot.commands.choices import run
from bot.commands.declaring import command
from bot.commands.standing import all_standing
from bot.config import App
from bot.images.listing import newest

SHOWN = 6


@command("images", permission="app.view", example="/images shop", group="Build")
async def images(ask: Ask, app: App) -> None:
    """The images of an app, newest first."""
    if app.image is None:
        await ask.show("said", heading=f"{app.name} has no images", lines=["Its chart versions it"])
        return
    found = await newest(ask.services.registries(), app.image, skip=ask.skip, most=SHOWN)
    targets = ask.targets_of("app.view", app, None)
    standing = await all_standing(ask.services, targets, ask.who.identity)
    runs: dict[str, list[str]] = {}
    for each in standing:
        if each.version:
            runs.setdefault(each.version, []).append(each.environment)
    ways = [run("Newer", f"/images {app.name}", skip=max(0, ask.skip - SHOWN))] if ask.skip else []
    if found.total > ask.skip + SHOWN:
        ways.append(run("Older", f"/images {app.name}", skip=ask.skip + SHOWN))
    if app.build is not None and ask.may("image.build", app.name).allowed:
        ways.append(run("Build", f"/build {app.name}"))
    now = ask.services.clock.now()
    await ask.show("images", ways, app=app.name, found=found, runs=runs, now=now)
