"""From the configuration's words to what the adaptors take: chart sources, and access to registries and git.

Only the composition root uses this, since helm and images know nothing of the configuration's apps.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.config import App, ChartFile, ChartFolder, ChartOci, ChartRepository, Config, Registry
from bot.config.apps import Source
from bot.helm import charts, repositories
from bot.helm.downloading import Credentials as ChartCredentials
from bot.helm.downloading import Route
from bot.helm.registries import OciChart
from bot.helm.repositories import RepoChart
from bot.images.access import Account, Credentials, Login, ServerAccess
from bot.images.addresses import parse_address
from bot.images.dates import Dates
from bot.images.docker_config import DockerConfig
from bot.images.errors import ReferenceInvalid, RegistryRefused
from bot.images.registry import Registries
from bot.images.source import Sources


@dataclass(frozen=True)
class _Reached:
    """Registries and git sources by one configuration, and what closes them."""

    registries: Registries
    sources: Sources
    owned: AsyncExitStack


class Images:
    """Registries and git sources by the configuration in force, which `use` replaces; `async with` closes them."""

    def __init__(
        self, config: Config, cache: Path, clock: Clock, hide: Callable[[Iterable[str]], None]
    ) -> None:
        """`cache` is the folder of the mirrors of git repositories, and of what images said of themselves.

        `hide` is told every password and token that is read, which may be others than when the configuration was.
        """
        self._hide = hide
        self._config = config
        self._cache = cache
        self._clock = clock
        self._dates = Dates(cache / "dates.jsonl")
        self._now: _Reached
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._dates.read()
        self._now = await self.opened(self._config)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._now.owned.aclose()

    @property
    def registries(self) -> Registries:
        """Those to ask now: a call may be begun on them at once, and not later."""
        return self._now.registries

    @property
    def sources(self) -> Sources:
        """Those to ask now, as with `registries`."""
        return self._now.sources

    async def opened(self, config: Config) -> _Reached:
        """What another configuration reaches, for `use`; nothing changes yet.

        Raises: OSError.
        """
        async with AsyncExitStack() as owned:
            access = registry_access(config, self._hide)
            registries = Registries(access, clock=self._clock, dates=self._dates)
            sources = Sources(
                self._cache,
                source_access(config, self._hide),
                allow_file=reads_local_sources(config),
                clock=self._clock,
            )
            await owned.enter_async_context(registries)
            await owned.enter_async_context(sources)
            return _Reached(registries, sources, owned.pop_all())

    def use(self, fresh: _Reached) -> None:
        """Ask these from now on; what was asked before is closed once its calls have ended."""
        task = asyncio.create_task(_close(self._now), name="close registries")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._now = fresh


async def _close(old: _Reached) -> None:
    try:
        await old.registries.idle()
    finally:
        await old.owned.aclose()


class Charts:
    """The apps' charts by the configuration in force."""

    def __init__(
        self,
        config: Callable[[], Config],
        registries: Callable[[], Registries],
        hide: Callable[[Iterable[str]], None],
    ) -> None:
        """`hide` as for `Images`."""
        self._config = config
        self._registries = registries
        self._hide = hide

    async def fetch(self, app: App, version: str = "") -> charts.ChartArchive:
        """An app's chart, of the version that was asked for where the chart versions the app.

        Raises: SecretMissing, ChartUnavailable, ChartInvalid.
        """
        return await charts.fetch(await self.source(app, version))

    async def versions(self, app: App) -> Sequence[str]:
        """The versions of an app's chart that there are, in no order.

        Raises: SecretMissing, ChartUnavailable, ChartInvalid, ImagesError.
        """
        source = await self.source(app)
        match source:
            case RepoChart():
                return await repositories.versions(source)
            case OciChart():
                return await self._registries().tags(source.url.removeprefix("oci://"))
        return [(await charts.fetch(source)).version]

    async def source(self, app: App, version: str = "") -> charts.ChartSource:
        """Where an app's chart is, with the credentials for it as they are now.

        Raises: SecretMissing, ImagesError.
        """
        return await chart_source(app, self._config().registries, version, hide=self._hide)


async def chart_source(
    app: App,
    registries: Mapping[str, Registry],
    version: str = "",
    *,
    hide: Callable[[Iterable[str]], None],
) -> charts.ChartSource:
    """Where an app's chart is, with the credentials that its host has in the configuration.

    `version` is what was asked for of an app without an image: it is versioned by its chart. `hide` as for `Images`.
    Raises: SecretMissing, ImagesError.
    """
    asked = version if app.image is None else ""
    match app.chart:
        case ChartFolder():
            return charts.FolderChart(app.chart.path)
        case ChartFile():
            return charts.ArchiveChart(app.chart.path)
        case ChartRepository():
            own = (
                Credentials(app.chart.username, app.chart.password.read)
                if app.chart.username and app.chart.password
                else None
            )
            return RepoChart(
                url=app.chart.repo,
                name=app.chart.name,
                version=asked or app.chart.version,
                credentials=await _credentials(told(own, hide)),
                route=Route(app.chart.proxy, app.chart.ca_file),
            )
        case ChartOci():
            host = urlsplit(app.chart.oci).netloc
            registry = registries.get(host)
            login = login_at(host, registry) if registry else None
            return OciChart(
                url=app.chart.oci,
                version=asked or app.chart.version or "",
                credentials=await _credentials(told(login, hide)),
                route=Route(registry.proxy, registry.ca_file) if registry else Route(),
                plain_http=registry.plain_http if registry else False,
            )


@dataclass(frozen=True)
class _Told:
    """A login whose secrets are told to who hides them, each time they are read."""

    login: Login
    hide: Callable[[Iterable[str]], None]

    async def account(self) -> Account | None:
        found = await self.login.account()
        if found is not None:
            self.hide(filter(None, (found.password, found.identity_token)))
        return found


def registry_access(config: Config, hide: Callable[[Iterable[str]], None]) -> dict[str, ServerAccess]:
    """How image registries are reached, by host; `hide` as for `Images`."""
    return {
        _address(host, registry): ServerAccess(
            credentials=told(login_at(host, registry), hide),
            proxy=registry.proxy,
            ca_file=registry.ca_file,
        )
        for host, registry in config.registries.items()
    }


def told(login: Login | None, hide: Callable[[Iterable[str]], None]) -> Login | None:
    return _Told(login, hide) if login is not None else None


def login_at(host: str, registry: Registry) -> Login | None:
    if registry.docker_config is not None:
        variables = {name: variable.read for name, variable in registry.variables.items()}
        return DockerConfig(registry.docker_config, host, registry.allow_exec, variables)
    if registry.username and registry.password:
        return Credentials(registry.username, registry.password.read)
    return None


def _address(host: str, registry: Registry) -> str:
    """The key that says how the host is spoken to: on this machine, authorities to trust mean TLS."""
    if registry.plain_http:
        return f"http://{host}"
    return f"https://{host}" if registry.ca_file is not None else host


def source_access(config: Config, hide: Callable[[Iterable[str]], None]) -> dict[str, ServerAccess]:
    """How git servers are reached, by host; `hide` as for `Images`."""
    sources = [app.source for app in config.apps.values() if app.source is not None]
    return {host: _server(source, hide) for source in sources if (host := _host(source))}


def _host(source: Source) -> str:
    """The host of a source's address, also where it is written as ssh's own `git@host:path`."""
    try:
        return parse_address(source.git, allow_file=True).host
    except ReferenceInvalid:  # whoever asks for it is told
        return ""


def reads_local_sources(config: Config) -> bool:
    """Whether the operator named a repository on this machine: only then are file addresses followed."""
    return any(
        app.source is not None and app.source.git.startswith("file://") for app in config.apps.values()
    )


def _server(source: Source, hide: Callable[[Iterable[str]], None]) -> ServerAccess:
    login = (
        Credentials(source.username, source.password.read) if source.username and source.password else None
    )
    return ServerAccess(
        credentials=told(login, hide),
        proxy=source.proxy,
        ca_file=source.ca_file,
        key_file=source.key_file,
        known_hosts=source.known_hosts,
    )


async def _credentials(login: Login | None) -> ChartCredentials | None:
    """Name and password for a chart's host as they are now.

    Raises: SecretMissing, ImagesError; RegistryRefused for an identity token, which charts can't be fetched with.
    """
    account = await login.account() if login is not None else None
    if account is None:
        return None
    if account.identity_token:
        raise RegistryRefused(
            "The docker config has an identity token there, which serves images alone: "
            "log in with a name and a password to fetch charts."
        )
    return ChartCredentials(account.username, account.password)
