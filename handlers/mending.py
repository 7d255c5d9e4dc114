"""Mending a release that an earlier run left unfinished."""

from bot.commands.ask import Ask
from bot.commands.declaring import button
from bot.commands.ordering import policy_of
from bot.commands.stuck import explain
from bot.operations.desk import Order
from bot.operations.mend import Mend, MendArguments
from bot.planning.errors import NothingThere, ReleaseStuck
from bot.planning.live import read_live


@button("release.ask", permission="release.mend")
async def ask_mend(ask: Ask, app: str, environment: str) -> None:
    """Explain an unfinished release."""
    await explain(ask, await _stuck(ask, app, environment))


@button("release.mend", permission="release.mend")
async def mend(ask: Ask, app: str, environment: str, revision: int, to: int) -> None:
    """Roll an unfinished release back to the revision that the button named, or remove it."""
    stuck = await _stuck(ask, app, environment)
    way_out = (await ask.services.releases.past(stuck.site)).way_out(revision)
    if stuck.revision != revision or (way_out.number if way_out else 0) != to:
        raise NothingThere("It has changed since you looked", advice=f"Look at /status {app} {environment}")
    target = ask.config.target(app, environment)
    site = await ask.services.planner.site(target, ask.who.identity)
    await ask.services.planner.refuse_owned(site)
    arguments = MendArguments(
        site=site, policy=policy_of(target), base=revision, before="", objects=(), to=to
    )
    await ask.submit(
        Order(
            kind=Mend.kind,
            subject=site.id.subject,
            app=app,
            environment=environment,
            version="",
            arguments=arguments,
            author=ask.author,
            chat_id=ask.chat_id,
            topic=ask.topic,
            message_id=ask.message_id,
            quotes=target.environment.disclose == "logs",
        )
    )


async def _stuck(ask: Ask, app: str, environment: str) -> ReleaseStuck:
    target = ask.config.target(app, environment)
    site = await ask.services.planner.site(target, ask.who.identity)
    try:
        await read_live(ask.services.releases, site)
    except ReleaseStuck as stuck:
        return stuck
    raise NothingThere(
        f"{app} in {environment} is not stuck any more", advice=f"Look at /status {app} {environment}"
    )
