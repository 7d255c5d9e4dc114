"""The button of a result: what the revision changed. Its logs and pods are those of /logs and /pods."""

from bot.commands.ask import Ask
from bot.commands.declaring import button
from bot.commands.disclosing import disclosed


@button("result.diff", permission="diff.view")
async def diff(ask: Ask, app: str, environment: str, revision: int) -> None:
    """What a revision changed, as a document."""
    target = disclosed(ask, app, environment, "diff")
    text = await ask.services.inspector.changed_by(target, revision, ask.who.identity)
    heading = f"{app} in {environment}: what revision {revision} changed"
    await ask.document(
        f"{app}-{environment}-{revision}.diff", text or "Nothing\n", "document", {"heading": heading}
    )
