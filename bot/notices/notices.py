"""Notices: what community channels are told of a release, from draft to withdrawal.

Which chats they are and how they are written to is the poster's; what is new comes from the app's source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from sqlalchemy import select

from bot.clock import Clock
from bot.config import Announce, App, Config
from bot.images.errors import ImagesError
from bot.images.source import Sources
from bot.notices import news
from bot.planning.errors import PlanRefused
from bot.planning.versions import ref_of
from bot.store.database import Database
from bot.store.tables import NoticeRow

CHANGELOGS = ("CHANGELOG.md", "docs/CHANGELOG.md")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a notice stands: a chat and the message in it."""

    chat_id: int
    message_id: int


class Poster(Protocol):
    """How notices reach chats, by the names that the configuration gives these."""

    async def draft(self, chat: str, html: str, notice_id: int, app: str, environment: str) -> None:
        """Show a draft with [Publish] and [Discard]."""

    async def publish(self, chat: str, html: str, key: str) -> Place | None:
        """Post a notice; None when the chat refused it. The same key posts once."""

    async def rewrite(self, place: Place, html: str) -> None:
        """Edit a posted notice."""


class Notices:
    """Drafts, publishes and withdraws; `render` lays a message out (bot.texts)."""

    def __init__(
        self,
        *,
        config: Callable[[], Config],
        sources: Callable[[], Sources],
        database: Database,
        clock: Clock,
        poster: Poster,
        render: Callable[[str, dict[str, Any]], str],
    ) -> None:
        self._config = config
        self._sources = sources
        self._database = database
        self._clock = clock
        self._poster = poster
        self._render = render

    async def deployed(
        self, *, app: str, environment: str, version: str, previous: str, author: str, operation_id: str
    ) -> None:
        """Draft the notice of a version that went out, or post it at once where nobody reviews.

        Nothing is drafted for a redeploy, an older version, or one that is not above all announced ones.
        """
        config = self._config()
        announce = config.target(app, environment).environment.announce
        if announce is None or (previous and not news.is_news(version, [previous])):
            return
        if not news.is_news(version, await self._announced(app)):
            return
        row = await self._drafted(config.apps[app], environment, version, previous, operation_id, announce)
        if announce.review_chat is None:
            await self.publish(row.id)
            return
        draft = {
            "app": app,
            "version": version,
            "channels": ", ".join(announce.channels),
            "author": author,
            "notice": row.html,
        }
        html = self._render("notice_draft", draft)
        await self._poster.draft(announce.review_chat, html, row.id, app, environment)

    async def withdrawn(self, *, app: str, environment: str, version: str, back_to: str) -> None:
        """Put the withdrawal before the text of a published notice; drafts of that version are discarded."""
        async with self._database.write() as session:
            row = await session.scalar(
                select(NoticeRow)
                .where(
                    NoticeRow.app == app, NoticeRow.environment == environment, NoticeRow.version == version
                )
                .where(NoticeRow.state.in_(("draft", "published")))
                .order_by(NoticeRow.id.desc())
            )
            if row is None:
                return
            published = row.state == "published"
            row.state = "withdrawn"
            if published:
                facts = {
                    "app": app,
                    "version": news.public_name(version),
                    "back_to": news.public_name(back_to),
                    "at": self._clock.now(),
                    "notice": row.html,
                }
                row.html = self._render("notice_withdrawn", facts)
        if published:
            for place in row.channels:
                await self._poster.rewrite(Place(**place), row.html)

    async def publish(self, notice_id: int) -> NoticeRow | None:
        """Post a draft to its channels; None when it is no draft any more."""
        async with self._database.read() as session:
            row = await session.get(NoticeRow, notice_id)
        if row is None or row.state != "draft":
            return None
        announce = self._config().target(row.app, row.environment).environment.announce
        channels = announce.channels if announce is not None else ()
        places = [
            place
            for channel in channels
            if (place := await self._poster.publish(channel, row.html, f"notice {row.id} {channel}"))
        ]
        async with self._database.write() as session:
            row = await session.get_one(NoticeRow, notice_id)
            row.state, row.published_at = "published", self._clock.now()
            row.channels = [place.__dict__ for place in places]
        return row

    async def discard(self, notice_id: int) -> NoticeRow | None:
        """Drop a draft; None when it is no draft any more."""
        async with self._database.write() as session:
            row = await session.get(NoticeRow, notice_id)
            if row is None or row.state != "draft":
                return None
            row.state = "discarded"
        return row

    async def _announced(self, app: str) -> Sequence[str]:
        async with self._database.read() as session:
            query = select(NoticeRow.version).where(
                NoticeRow.app == app, NoticeRow.state.in_(("published", "withdrawn"))
            )
            return (await session.scalars(query)).all()

    async def _drafted(
        self, app: App, environment: str, version: str, previous: str, operation_id: str, announce: Announce
    ) -> NoticeRow:
        """The draft of an operation, made once however often the step runs."""
        facts = {
            "app": app.name,
            "version": news.public_name(version),
            "lines": await self._lines(app, previous, version),
        }
        async with self._database.write() as session:
            row = await session.scalar(select(NoticeRow).where(NoticeRow.operation_id == operation_id))
            if row is None:
                row = NoticeRow(
                    app=app.name,
                    environment=environment,
                    version=version,
                    state="draft",
                    html=self._render("notice", facts),
                    channels=[],
                    operation_id=operation_id,
                    created_at=self._clock.now(),
                )
                session.add(row)
                await session.flush()
            return row

    async def _lines(self, app: App, previous: str, version: str) -> list[str]:
        """What is new, from the CHANGELOG or the commits; [] when neither can be read: news all the same."""
        if app.source is None:
            return []
        url, path = app.source.git, app.source.path
        try:
            new = ref_of(app, version)
            for name in CHANGELOGS:
                text = await self._sources().read(url, new, name if path == "." else f"{path}/{name}")
                if text and (lines := news.from_changelog(text, previous or None, version)):
                    return lines
            if previous:
                commits = await self._sources().commits(url, ref_of(app, previous), new, path)
                return news.from_commits(commit.subject for commit in commits)
        except (ImagesError, PlanRefused) as error:
            log.warning("what is new can't be read", app=app.name, version=version, error=str(error))
        return []
