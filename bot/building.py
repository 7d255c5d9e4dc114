"""Builds of images by the configuration in force: which builders there are, their logins and secrets."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.build_jobs import JobBuilder
from bot.clock import Clock
from bot.cluster.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.config import Registry, SecretMissing
from bot.connections import Images, login_at, told
from bot.current import Current
from bot.events import BuildWords
from bot.images.access import Account
from bot.images.builders.buildah import Buildah, Settings
from bot.images.builders.building import Builder, RegistryLogin, Tell
from bot.images.builders.buildkit import Buildkit, BuildkitSettings
from bot.images.builders.builtin import Builtin
from bot.images.builders.docker import DockerEngine, DockerSettings
from bot.images.builders.job_manifest import JobSettings
from bot.images.builds import Builds, Limits
from bot.images.errors import ImagesError
from bot.images.references import is_loopback, parse_repository
from bot.images.rooms import Rooms
from bot.images.wording import one_line


def builds_of(
    current: Current,
    images: Images,
    clusters: Clusters,
    clock: Clock,
    folder: Path,
    around: Callable[[Builder], Builder],
) -> Builds:
    """What makes images, in a folder of its own; `around` gives what is asked in a builder's place."""
    rooms = Rooms(folder)
    settings = _Settings(current, images, clusters, rooms, clock)
    return Builds(
        rooms,
        sources=lambda: images.sources,
        registries=lambda: images.registries,
        builders=lambda: [around(each) for each in settings.builders()],
        limits=settings.limits,
        logins=settings.logins,
        secrets=settings.secrets,
        mask=lambda text: current.masker.mask_text(text),
        clock=clock,
    )


class _Settings:
    """What builds of images take from the configuration in force: builders, logins and secrets."""

    def __init__(
        self, current: Current, images: Images, clusters: Clusters, rooms: Rooms, clock: Clock
    ) -> None:
        self._current = current
        self._clusters = clusters
        self._buildkit = Buildkit(self._of_buildkit)
        self._job = JobBuilder(self._of_job, self._cluster, clock)
        self._docker = DockerEngine(self._of_docker, clock)
        self._buildah = Buildah(rooms.layers, self._of_buildah, clock)
        self._builtin = Builtin(
            lambda: images.registries, [self._buildah], lambda: current.config.builds.timeout, clock
        )

    def builders(self) -> list[Builder]:
        """What may build here, in the order in which `auto` tries: first what was set up for it."""
        return [self._buildkit, self._job, self._docker, self._buildah, self._builtin]

    def _of_buildkit(self) -> BuildkitSettings:
        builds = self._current.config.builds
        daemon = builds.buildkit
        if daemon is None:
            return BuildkitSettings("", builds.timeout)
        return BuildkitSettings(
            daemon.address, builds.timeout, daemon.ca_file, daemon.cert_file, daemon.key_file
        )

    def _of_job(self) -> JobSettings | None:
        builds = self._current.config.builds
        job = builds.job
        if job is None:
            return None
        return JobSettings(job.namespace, job.image, builds.timeout, job.resources, job.node_selector)

    def _of_docker(self) -> DockerSettings:
        builds = self._current.config.builds
        daemon = builds.docker
        if daemon is None:
            return DockerSettings("", builds.timeout)
        return DockerSettings(daemon.host, builds.timeout, daemon.ca_file, daemon.cert_file, daemon.key_file)

    async def _cluster(self) -> Cluster:
        """The one that builds run in. Raises: KubeconfigUnusable, KubeconfigUnsafe."""
        config = self._current.config
        assert config.builds.job is not None
        return await self._clusters.at(config.clusters[config.builds.job.cluster].access)

    def _of_buildah(self) -> Settings:
        builds = self._current.config.builds
        return Settings(builds.isolation, builds.timeout)

    def limits(self) -> Limits:
        """What builds may take."""
        builds = self._current.config.builds
        return Limits(builds.builder, cache=int(builds.cache), free=int(builds.free))

    async def logins(self, image: str, tell: Tell) -> tuple[RegistryLogin, ...]:
        """How builders speak to registries: first the one that `image` goes to, then all others at once.

        Another one is spoken to without a login where none can be had: `tell` has why.

        Raises: SecretMissing, ImagesError.
        """
        others = dict(self._current.config.registries)
        host = parse_repository(image).host
        own = others.pop(host, None)
        first = (_login(host, own, await self._account(host, own)),) if own is not None else ()

        async def found(name: str, registry: Registry) -> RegistryLogin:
            try:
                return _login(name, registry, await self._account(name, registry))
            except (SecretMissing, ImagesError) as error:
                tell(BuildWords((f"No login at {name}: {one_line(str(error), longest=160)}",)))
                return _login(name, registry, None)

        return (*first, *await asyncio.gather(*(found(*each) for each in others.items())))

    async def secrets(self, app: str) -> dict[str, str]:
        """The secrets of an app's build by their ids. Raises: SecretMissing."""
        build = self._current.config.apps[app].build
        found = {name: secret.read() for name, secret in (build.secrets if build is not None else {}).items()}
        self._current.hide(found.values())
        return found

    async def _account(self, host: str, registry: Registry) -> Account | None:
        login = told(login_at(host, registry), self._current.hide)
        return await login.account() if login is not None else None


def _login(host: str, registry: Registry, account: Account | None) -> RegistryLogin:
    return RegistryLogin(
        host,
        username=account.username if account is not None else "",
        password=account.password if account is not None else "",
        identity_token=account.identity_token if account is not None else "",
        plain_http=registry.plain_http or (is_loopback(host) and registry.ca_file is None),
        ca_file=registry.ca_file,
    )
