"""The buttons of a notice's draft."""

from dataclasses import replace

from bot.commands.ask import Ask
from bot.commands.declaring import button
from bot.commands.problems import answer
from bot.planning.errors import PlanRefused
from bot.store.tables import NoticeRow


@button("notice.publish", permission="notice.publish")
async def publish(ask: Ask, notice_id: int) -> None:
    """Post the notice to its channels."""
    try:
        published = await ask.services.notices.publish(notice_id)
    except PlanRefused as refused:
        # Told beside the draft, which keeps its buttons: what is in the way can be mended.
        await answer(replace(ask, pressed=False), refused)
        return
    if published is None:
        ask.toast("It was published or discarded already")
        return
    row, missed = published.notice, ", ".join(published.missed)
    detail = f"{row.version}, not in {missed}" if missed else row.version
    await ask.record("notice.publish", "done", app=row.app, environment=row.environment, detail=detail)
    await _closed(ask, row, published=True, missed=missed)


@button("notice.discard", permission="notice.publish")
async def discard(ask: Ask, notice_id: int) -> None:
    """Drop the draft."""
    row = await ask.services.notices.discard(notice_id)
    if row is None:
        ask.toast("It was published or discarded already")
        return
    await ask.record("notice.discard", "done", app=row.app, environment=row.environment, detail=row.version)
    await _closed(ask, row, published=False)


async def _closed(ask: Ask, row: NoticeRow, *, published: bool, missed: str = "") -> None:
    await ask.show(
        "notice_closed",
        published=published,
        missed=missed,
        app=row.app,
        version=row.version,
        author=ask.who.name,
        at=ask.services.clock.now(),
    )
