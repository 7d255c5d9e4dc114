"""The buttons of a notice's draft."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.ask import Ask
from bot.commands.declaring import button
from bot.commands.problems import answer
from bot.commands.showing import Page
from bot.notices.notices import Published
from bot.planning.errors import PlanRefused
from bot.store.tables import NoticeRow

OVER = "It was published or discarded already"


@button("notice.publish", permission="notice.publish")
async def publish(ask: Ask, notice_id: int) -> None:
    """Post the notice to its channels."""

    async def decided(session: AsyncSession, published: Published) -> None:
        missed = ", ".join(published.missed)
        version = published.notice.version
        detail = f"{version}, not in {missed}" if missed else version
        await _close(ask, session, "notice.publish", published.notice, detail=detail, missed=missed)

    try:
        published = await ask.services.notices.publish(notice_id, decided)
    except PlanRefused as refused:
        # Told beside the draft, which keeps its buttons: what is in the way can be mended.
        await answer(replace(ask, pressed=False), refused)
        return
    _told(ask, published is not None)


@button("notice.discard", permission="notice.publish")
async def discard(ask: Ask, notice_id: int) -> None:
    """Drop the draft."""

    async def decided(session: AsyncSession, row: NoticeRow) -> None:
        await _close(ask, session, "notice.discard", row, detail=row.version)

    _told(ask, await ask.services.notices.discard(notice_id, decided) is not None)


async def _close(
    ask: Ask, session: AsyncSession, action: str, row: NoticeRow, *, detail: str, missed: str = ""
) -> None:
    """Write the decision down, and say it in place of the draft, both with what was decided or not at all."""
    await ask.record(action, "done", app=row.app, environment=row.environment, detail=detail, session=session)
    values = {
        "published": action == "notice.publish",
        "missed": missed,
        "app": row.app,
        "version": row.version,
        "author": ask.who.name,
        "at": ask.services.clock.now(),
    }
    await ask.services.screen.enqueue_edit(session, ask.here, Page("notice_closed", values))


def _told(ask: Ask, done: bool) -> None:
    if done:
        ask.services.screen.wake()
    else:
        ask.toast(OVER)
