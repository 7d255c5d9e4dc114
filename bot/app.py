"""The composition root: the only place that builds and wires everything, and closes it in reverse order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import make_url

import handlers
from bot.building import builds_of
from bot.chats import Chats, Resolve
from bot.clock import Clock, SystemClock
from bot.cluster.clusters import Clusters
from bot.cluster.identities import Identities
from bot.commands.dispatching import Dispatcher
from bot.commands.live import LiveMessages
from bot.commands.posting import ChatPoster
from bot.commands.pushes import Pushes
from bot.commands.services import Services
from bot.commands.showing import Screen
from bot.commands.suspending import Suspensions
from bot.commands.turns import Turns
from bot.connections import Charts, Images
from bot.current import Current
from bot.helm.client import Helm
from bot.images.builds import Builds
from bot.notices.notices import Notices
from bot.operations.build import Build
from bot.operations.desk import Desk
from bot.operations.engine import Engine
from bot.operations.frozen import Frozen
from bot.operations.lease import Lease
from bot.operations.tools import Tools
from bot.operations.transience import is_transient
from bot.outside import OUTSIDE, Outside
from bot.planning.inspecting import Inspector
from bot.planning.planner import Planner
from bot.planning.releases import Releases
from bot.planning.rendering import Renderer
from bot.planning.sites import Sites
from bot.planning.versions import Versions
from bot.serving import listen
from bot.store.database import Database
from bot.store.vault import Vault
from bot.telegram.buttons import Actions
from bot.telegram.inbox import Inbox
from bot.telegram.menu import Menus
from bot.telegram.outbox import Outbox
from bot.telegram.pacing import Limits
from bot.telegram.pins import Pins
from bot.telegram.transport import introduce

LOST = 3
"""The exit code of a bot whose work another process has taken over."""

log = structlog.get_logger(__name__)

handlers.load()


@dataclass(frozen=True)
class Parts:
    """All that planning needs: what the bot, `plan`, `render` and `check` share."""

    current: Current
    clock: Clock
    database: Database
    vault: Vault
    helm: Helm
    clusters: Clusters
    identities: Identities
    images: Images
    releases: Releases
    versions: Versions
    planner: Planner
    inspector: Inspector
    builds: Builds

    @cached_property
    def suspensions(self) -> Suspensions:
        """Who is suspended, stored and in force."""
        return Suspensions(self.database, self.clock, lambda: self.current.config, self.current.suspend)

    async def reload(self, resolve: Resolve | None = None) -> list[str]:
        """Put the configuration's files into force, as a whole or not at all; the problems when they are not.

        `resolve` looks the ids of its chats up; without it they keep those that they have.
        """
        fresh = await self.current.read()
        if isinstance(fresh, list):
            return fresh
        try:
            chats = await resolve(fresh.config) if resolve is not None else None
            images = await self.images.opened(fresh.config)
        except OSError as error:
            log.warning("the configuration was not reloaded", problems=[str(error)])
            return [str(error)]
        self.images.use(images)
        self.current.put(fresh, chats)
        await self.suspensions.settle()
        await asyncio.to_thread(self.current.log_texts)
        return []


Reload = Callable[[], Coroutine[Any, Any, list[str]]]


@dataclass(frozen=True)
class Running:
    """A bot that listens, and how its configuration is put into force again."""

    parts: Parts
    reload: Reload


@asynccontextmanager
async def opened_for_planning(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    clock: Clock | None = None,
    outside: Outside = OUTSIDE,
) -> AsyncIterator[Parts]:
    """Load the configuration and open what planning needs.

    Raises: ConfigInvalid, StoreError.
    """
    current = await Current.opened(paths, environ)
    clock = clock or SystemClock()
    config = current.config
    async with AsyncExitStack() as owned:
        url = config.store.read()
        database = await owned.enter_async_context(outside.database(url))
        vault = await asyncio.to_thread(Vault.open, config.store_key_file or _beside(url, "store.key"))
        helm = await owned.enter_async_context(outside.helm(mask=lambda text: current.masker.mask_text(text)))
        clusters = await owned.enter_async_context(outside.clusters(clock))
        git = _beside(url, "git")
        images = await owned.enter_async_context(outside.images(config, git, clock, current.hide))
        builds = builds_of(current, images, clusters, clock, _beside(url, "builds"), outside.builder)
        yield _parts(current, clock, database, vault, helm, clusters, images, builds)


def _parts(
    current: Current,
    clock: Clock,
    database: Database,
    vault: Vault,
    helm: Helm,
    clusters: Clusters,
    images: Images,
    builds: Builds,
) -> Parts:
    releases = Releases(helm, clusters, database)
    identities = Identities(clusters, database, clock)
    chart_sources = Charts(lambda: current.config, lambda: images.registries, current.hide)
    versions = Versions(lambda: images.registries, lambda: images.sources, chart_sources.versions)
    renderer = Renderer(helm, versions, current.hide)
    planner = Planner(
        helm=helm,
        charts=chart_sources.fetch,
        clusters=clusters,
        releases=releases,
        versions=versions,
        sites=Sites(identities, lambda: current.config),
        renderer=renderer,
        vault=vault,
        masker=lambda: current.masker,
        shouts=current.shouts_at,
        clock=clock,
    )
    inspector = Inspector(
        planner,
        renderer=renderer,
        helm=helm,
        charts=chart_sources.fetch,
        clusters=clusters,
        releases=releases,
        versions=versions,
        masker=lambda: current.masker,
    )
    made = (releases, versions, planner, inspector, builds)
    return Parts(current, clock, database, vault, helm, clusters, identities, images, *made)


@asynccontextmanager
async def running(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    stopping: asyncio.Future[int],
    clock: Clock | None = None,
    limits: Limits | None = None,
    outside: Outside = OUTSIDE,
) -> AsyncIterator[Running]:
    """The whole bot, listening, until the block ends; `stopping` is set when it must end by itself.

    `limits` is another pace than the one that Telegram bears.
    """
    async with opened_for_planning(paths, environ, clock, outside) as parts, AsyncExitStack() as owned:
        reload = await _start(parts, owned, stopping, limits, outside)
        yield Running(parts, reload)


async def _start(
    parts: Parts,
    owned: AsyncExitStack,
    stopping: asyncio.Future[int],
    limits: Limits | None,
    outside: Outside,
) -> Reload:
    """Build the bot's own parts on top of `parts`, and begin to listen; what reloads the configuration."""
    current, clock, database = parts.current, parts.clock, parts.database
    telegram = current.config.telegram

    def token() -> str:
        value = telegram.token.read()
        current.hide([value])  # its file may have been replaced since the configuration was loaded
        return value

    bot = await owned.enter_async_context(
        outside.connect(token, api_url=telegram.api_url, proxy=telegram.proxy, ca_file=telegram.ca_file)
    )
    me = await introduce(bot, clock)
    lease = Lease(database, clock)
    await lease.wait()  # of two processes on one store the second does nothing at all until it leads
    await parts.suspensions.settle()
    await parts.builds.sweep()
    outbox = await owned.enter_async_context(
        Outbox(
            bot, database, clock, lambda text: current.masker.mask_text(text), limits, may_send=lease.holds
        )
    )
    menu = await owned.enter_async_context(Menus(bot, database, clock))
    chats = Chats(current, parts.reload, Pins(bot, database), menu)
    await chats.pin()
    actions = Actions(database, clock, outbox.follow)
    screen = Screen(texts=lambda: current.texts, actions=actions, outbox=outbox, database=database)
    services, pushes = await _operating(parts, owned, screen, outbox, lease, stopping, chats.reload)
    dispatcher = Dispatcher(services, actions, outbox, me.username, chats.pin)
    inbox = await owned.enter_async_context(
        Inbox(database, clock, dispatcher.handle, give_up=dispatcher.give_up)
    )
    await listen(owned, bot, inbox, lease, current, clock, pushes)
    return chats.reload


async def _operating(
    parts: Parts,
    owned: AsyncExitStack,
    screen: Screen,
    outbox: Outbox,
    lease: Lease,
    stopping: asyncio.Future[int],
    reload: Reload,
) -> tuple[Services, Pushes]:
    """Start the engine and what shows its operations; the services that handlers reach, and what takes pushes."""
    current, clock, database = parts.current, parts.clock, parts.database
    notices = _notices(parts, screen, outbox)
    live = await owned.enter_async_context(
        LiveMessages(
            screen=screen,
            outbox=outbox,
            database=database,
            clock=clock,
            config=lambda: current.config,
            policy=lambda: current.policy,
        )
    )
    turns, pushes = Turns(live.hand_over), Pushes(current.chat)
    tools = _tools(parts, notices, turns, pushes)
    engine = Engine(
        database,
        clock,
        live,
        tools,
        transient=is_transient,
        on_lost=lambda: _end(stopping, LOST),
        mask=tools.mask,
        lease=lease,
        most=lambda: {Build.queue: current.config.builds.at_once},
    )
    services = _services(parts, screen, Desk(database, parts.vault, clock, engine), notices, reload)
    turns.serve(services)
    pushes.serve(services)
    await owned.enter_async_context(engine)
    return services, pushes


def _tools(parts: Parts, notices: Notices, turns: Turns, pushes: Pushes) -> Tools:
    return Tools(
        helm=parts.helm,
        clusters=parts.clusters,
        releases=parts.releases,
        database=parts.database,
        clock=parts.clock,
        mask=lambda text: parts.current.masker.mask_text(text),
        frozen=Frozen(parts.database, parts.vault).read,
        notices=notices,
        builds=parts.builds,
        replan=turns.replan,
        plan_image=turns.plan_image,
        call=turns.call,
        start=pushes.start,
    )


def _notices(parts: Parts, screen: Screen, outbox: Outbox) -> Notices:
    current = parts.current
    return Notices(
        config=lambda: current.config,
        sources=lambda: parts.images.sources,
        database=parts.database,
        clock=parts.clock,
        poster=ChatPoster(
            current.chat, lambda name: current.config.chats[name].topics, screen, outbox, parts.database
        ),
        render=lambda name, values: current.texts.render(name, values),
    )


def _services(parts: Parts, screen: Screen, desk: Desk, notices: Notices, reload: Reload) -> Services:
    current = parts.current
    return Services(
        config=lambda: current.config,
        policy=lambda: current.policy,
        masker=lambda: current.masker,
        shouts=current.shouts_at,
        reload=reload,
        clock=parts.clock,
        database=parts.database,
        screen=screen,
        desk=desk,
        planner=parts.planner,
        inspector=parts.inspector,
        releases=parts.releases,
        versions=parts.versions,
        helm=parts.helm,
        clusters=parts.clusters,
        identities=parts.identities,
        notices=notices,
        builds=parts.builds,
        sources=lambda: parts.images.sources,
        registries=lambda: parts.images.registries,
        suspensions=parts.suspensions,
    )


def _end(stopping: asyncio.Future[int], code: int) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):
        stopping.set_result(code)


def _beside(store: str, name: str) -> Path:
    """A file of the bot's beside its database; in `state/` where the database is a server."""
    url = make_url(store)
    is_file = url.get_backend_name() == "sqlite" and url.database
    return (Path(url.database).parent if is_file and url.database else Path("state")) / name
