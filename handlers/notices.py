"""The buttons of a notice's draft."""

from bot.commands.ask import Ask
from bot.commands.declaring import button


@button("notice.publish", permission="notice.publish")
async def publish(ask: Ask, notice_id: int) -> None:
    """Post the notice to its channels."""
    row = await ask.services.notices.publish(notice_id)
    if row is None:
        ask.toast("It was published or discarded already")
        return
    await ask.record("notice.publish", "done", app=row.app, environment=row.environment, detail=row.version)
    await ask.show(
        "notice_closed",
        published=True,
        app=row.app,
        version=row.version,
        author=ask.who.name,
        at=ask.services.clock.now(),
    )


@button("notice.discard", permission="notice.publish")
async def discard(ask: Ask, notice_id: int) -> None:
    """Drop the draft."""
    row = await ask.services.notices.discard(notice_id)
    if row is None:
        ask.toast("It was published or discarded already")
        return
    await ask.show(
        "notice_closed",
        published=False,
        app=row.app,
        version=row.version,
        author=ask.who.name,
        at=ask.services.clock.now(),
    )
