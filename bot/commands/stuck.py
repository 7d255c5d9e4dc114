"""A release that an earlier run left unfinished: who, since when, and the button that mends it."""

from datetime import timedelta

from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.planning.errors import NothingThere, ReleaseStuck


async def explain(ask: Ask, stuck: ReleaseStuck) -> None:
    """Explain an unfinished release; offer to mend it once that run must be dead, past its time-out."""
    place = (stuck.site.access, stuck.site.namespace, stuck.site.release)
    target = next(
        (each for each in ask.config.targets() if (each.access, each.namespace, each.release) == place), None
    )
    if target is None:  # a reload has just taken it out of the configuration
        raise NothingThere(stuck.words)
    app, environment = target.app.name, target.environment.name
    until = stuck.since + timedelta(seconds=target.environment.timeout)
    before = (await ask.services.releases.past(stuck.site)).way_out(stuck.revision)
    may_mend = ask.services.clock.now() > until and ask.may("release.mend", app, environment).allowed
    choices: list[Choice] = []
    if may_mend:
        label = f"Roll back to {before.number}" if before else "Remove it"
        to = before.number if before else 0
        fields = {"app": app, "environment": environment, "revision": stuck.revision, "to": to}
        choices.append(Choice(label, "release.mend", fields, "primary", app, environment))
    choices.append(run("Look again", f"/status {app} {environment}"))
    await ask.show(
        "stuck",
        choices,
        app=app,
        revision=stuck.revision,
        maker=stuck.maker,
        since=stuck.since,
        until=until,
        may_mend=may_mend,
    )
