"""Notices: what community channels are told of a release, from draft to withdrawal.

Which chats they are and how they are written to is the poster's; what is new comes from the app's source.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

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

OUT = ("publishing", "published")
"""States of a notice that stands in a channel, or may any moment."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a notice stands: a chat and the message in it."""

    chat_id: int
    message_id: int


@dataclass(frozen=True)
class Published:
    """A notice that is out, and the names of the channels that did not take it."""

    notice: NoticeRow
    missed: tuple[str, ...]


class Poster(Protocol):
    """How notices reach chats, by the names that the configuration gives these."""

    async def draft(self, chat: str, html: str, notice_id: int, app: str, environment: str) -> None:
        """Show a draft with [Publish] and [Discard]."""

    async def publish(self, chat: str, html: str, key: str) -> Place | None:
        """Post a notice; None when the chat refused it. The same key posts once, and tries a refusal again.

        Raises: PlanRefused while Telegram takes nothing; it is posted later all the same.
        """

    def rewrite(self, session: AsyncSession, place: Place, html: str) -> None:
        """Edit a posted notice, from the caller's transaction on; call `wake` once that is committed."""

    def wake(self) -> None:
        """What `rewrite` was given is committed."""


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
        if not news.is_news(version, await self._announced(app, besides=operation_id)):
            return
        row = await self._drafted(config.apps[app], environment, version, previous, operation_id, announce)
        if announce.review_chat is None:
            try:
                await self.publish(row.id)
            except PlanRefused as error:
                log.warning(
                    "a notice was not published",
                    app=app,
                    version=version,
                    error=error.words,
                    advice=error.advice,
                )
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
        """Put the withdrawal before the text of a published notice; a draft of that version is discarded.

        Nothing is withdrawn where what it went back to is the same version, or a newer one.
        """
        if back_to and not news.is_news(version, [back_to]):
            return
        async with self._database.write() as session:
            row = await session.scalar(
                select(NoticeRow)
                .where(
                    NoticeRow.app == app, NoticeRow.environment == environment, NoticeRow.version == version
                )
                .where(NoticeRow.state.in_(("draft", *OUT)))
                .order_by(NoticeRow.id.desc())
            )
            if row is None:
                return
            if row.state == "draft":
                row.state = "discarded"
                return
            facts = {
                "app": app,
                "version": news.public_name(version),
                "back_to": news.public_name(back_to),
                "at": self._clock.now(),
                "notice": row.html,
            }
            row.html, row.state = self._render("notice_withdrawn", facts), "withdrawn"
            self._rewrite(session, row)  # in the same transaction: a crash loses both or neither
        self._poster.wake()

    async def publish(
        self, notice_id: int, decided: Callable[[AsyncSession, Published], Awaitable[None]] | None = None
    ) -> Published | None:
        """Post a draft to its channels; None when it is no draft any more.

        `decided` writes down whose decision that was, in the transaction that calls it published.
        Raises: PlanRefused when it is no news any more, or no channel took it; then it stays a draft.
        """
        row = await self._begun(notice_id)
        if row is None:
            return None
        announce = self._config().target(row.app, row.environment).environment.announce
        channels = announce.channels if announce is not None else ()
        places, missed = [], []
        for channel in channels:
            place = await self._poster.publish(channel, row.html, f"notice {row.id} {channel}")
            if place is None:
                missed.append(channel)
            else:
                places.append(place)
        async with self._database.write() as session:
            row = await self._finished(session, notice_id, places)
            published = Published(row, tuple(missed))
            is_out = row.state == "published"
            if is_out and decided is not None:
                await decided(session, published)
        self._poster.wake()
        if not places:
            raise _nowhere(row.environment, channels)
        return published if is_out else None

    async def _begun(self, notice_id: int) -> NoticeRow | None:
        """Take a draft to be published, so that nobody discards it meanwhile; after a crash it is taken again."""
        async with self._database.write() as session:
            row = await session.get(NoticeRow, notice_id)
            if row is None or row.state not in ("draft", "publishing"):
                return None
            others = await self._announced_in(session, row.app, besides=row.operation_id)
            if not news.is_news(row.version, others):
                raise PlanRefused(
                    f"{row.app} {row.version} is no news any more: {', '.join(others)} was announced",
                    advice="Discard the draft",
                )
            row.state = "publishing"
        return row

    async def _finished(self, session: AsyncSession, notice_id: int, places: Sequence[Place]) -> NoticeRow:
        """Keep where a notice was posted; one that was withdrawn meanwhile says so there too."""
        row = await session.get_one(NoticeRow, notice_id)
        if row.state == "publishing":
            row.state = "published" if places else "draft"
            row.published_at = self._clock.now() if places else None
        row.channels = [place.__dict__ for place in places] or row.channels
        if row.state == "withdrawn":
            self._rewrite(session, row)
        return row

    def _rewrite(self, session: AsyncSession, row: NoticeRow) -> None:
        for place in row.channels:
            self._poster.rewrite(session, Place(**place), row.html)

    async def discard(
        self, notice_id: int, decided: Callable[[AsyncSession, NoticeRow], Awaitable[None]]
    ) -> NoticeRow | None:
        """Drop a draft; None when it is no draft any more. `decided` as for `publish`."""
        async with self._database.write() as session:
            row = await session.get(NoticeRow, notice_id)
            if row is None or row.state != "draft":
                return None
            row.state = "discarded"
            await decided(session, row)
        return row

    async def _announced(self, app: str, *, besides: str) -> Sequence[str]:
        async with self._database.read() as session:
            return await self._announced_in(session, app, besides=besides)

    async def _announced_in(self, session: AsyncSession, app: str, *, besides: str | None) -> Sequence[str]:
        """The versions that readers know of, but for the notice of the operation `besides`."""
        query = select(NoticeRow.version).where(
            NoticeRow.app == app,
            NoticeRow.state.in_((*OUT, "withdrawn")),
            NoticeRow.operation_id.is_distinct_from(besides),
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


def _nowhere(environment: str, channels: Sequence[str]) -> PlanRefused:
    if not channels:
        return PlanRefused(
            f"{environment} announces nothing any more, so the notice was not published",
            advice=f"Give environments.{environment}.announce its channels, or discard the draft",
        )
    return PlanRefused(
        f"No channel took the notice ({', '.join(channels)}), so it stays a draft",
        advice="Make the bot an administrator of the channel who may post, then press Publish again",
    )
