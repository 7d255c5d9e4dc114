"""/status: how everything stands, trouble first."""

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import command
from bot.commands.disclosing import shows
from bot.commands.holding import holds_now, lines_of
from bot.commands.standing import Standing, all_standing, standing
from bot.config import App, Environment

PAGE = 6
"""Apps in environments on one screen, each with its button."""


@command("status", permission="app.view", example="/status shop staging")
async def status(ask: Ask, app: App | None = None, environment: Environment | None = None) -> None:
    """How everything stands, trouble first."""
    if app is not None and environment is not None:
        await _one(ask, app.name, environment.name)
        return
    targets = ask.targets_of("app.view", app, environment)
    found = await all_standing(ask.services, targets, ask.who.identity)
    names = [each.name for each in (app, environment) if each is not None]
    command_text = " ".join(["/status", *names])
    shown = found[ask.skip : ask.skip + PAGE]
    choices = [
        run(f"{each.app} {each.environment}", f"/status {each.app} {each.environment}") for each in shown
    ]
    choices.append(run("Refresh", command_text))
    if len(found) > ask.skip + PAGE:
        choices.append(run("More", command_text, skip=ask.skip + PAGE))
    by_environment: dict[str, list[Standing]] = {}
    for each in shown:
        by_environment.setdefault(each.environment, []).append(each)
    await ask.show(
        "status",
        choices,
        environments=by_environment,
        lines=PAGE,
        holds=lines_of(await holds_now(ask.services), [(each.app, each.environment) for each in found]),
        down=sum(each.state in ("failed", "unfinished") for each in found),
        unknown=sum(each.state == "unreachable" for each in found),
        now=ask.services.clock.now(),
    )


async def _one(ask: Ask, app: str, environment: str) -> None:
    target = ask.config.target(app, environment)
    found = await standing(ask.services, target, ask.who.identity)
    choices: list[Choice] = []
    if ask.may("deploy.run", app, environment).allowed:
        choices.append(run("Deploy", f"/deploy {app} {environment}"))
    if found.revision and ask.may("pods.view", app, environment).allowed:
        choices.append(run("Pods", f"/pods {app} {environment}"))
    if found.revision and shows(target, "logs") and ask.may("logs.view", app, environment).allowed:
        choices.append(run("Logs", f"/logs {app} {environment}"))
    if found.revision and ask.may("history.view", app, environment).allowed:
        choices.append(run("History", f"/history {app} {environment}"))
    if found.workloads and ask.may("pods.restart", app, environment).allowed:
        choices.append(run("Restart", f"/restart {app} {environment}"))
    if found.state == "unfinished" and ask.may("release.mend", app, environment).allowed:
        choices.append(
            Choice(
                "Mend it",
                "release.ask",
                {"app": app, "environment": environment},
                app=app,
                environment=environment,
            )
        )
    choices += [run("Refresh", f"/status {app} {environment}"), run("‹ Status", "/status")]
    holds = lines_of(await holds_now(ask.services), [(app, environment)])
    await ask.show("status_app", choices, it=found, holds=holds, now=ask.services.clock.now())
