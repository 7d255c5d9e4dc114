"""Mending a release that an earlier run left unfinished."""

from bot.commands.ask import Ask
from bot.commands.confirming import policy_of
from bot.commands.declaring import button
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
async def mend(ask: Ask, app: str, environment: str, revision: int) -> None:
    """Roll an unfinished release back to the last healthy revision."""
    stuck = await _stuck(ask, app, environment)
    if stuck.revision != revision:
        raise NothingThere(f"Another run has begun: revision {stuck.revision}", advice="Look again")
    target = ask.config.target(app, environment)
    site = await ask.services.planner.site(target, ask.who.identity)
    arguments = MendArguments(site=site, policy=policy_of(target), base=revision, before="", objects=())
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
        )
    )


async def _stuck(ask: Ask, app: str, environment: str) -> ReleaseStuck:
    target = ask.config.target(app, environment)
    site = await ask.services.planner.site(target, ask.who.identity)
    try:
        await read_live(ask.services.helm, ask.services.releases, site)
    except ReleaseStuck as stuck:
        return stuck
    raise NothingThere(
        f"{app} in {environment} is not stuck any more", advice=f"Look at /status {app} {environment}"
    )
