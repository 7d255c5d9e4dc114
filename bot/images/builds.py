"""Making an app's image from a commit: its files, its tag and labels, the builder that is there, its log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict

from bot.clock import Clock
from bot.events import BuilderChosen, BuildStep, BuildWords
from bot.images.addresses import parse_address
from bot.images.build_log import BEGUN, BuildLog, read
from bot.images.builders.building import (
    Builder,
    BuildEvent,
    BuildRequest,
    Origin,
    RegistryLogin,
    Tell,
)
from bot.images.builders.choosing import choose
from bot.images.builders.dockerfiles import check, text_of
from bot.images.errors import BuilderAway, BuildFailed, RepositoryMissing, TagMissing
from bot.images.registry import Registries
from bot.images.rooms import Rooms
from bot.images.source import Sources
from bot.images.tagging import tag_of

REVISION = "org.opencontainers.image.revision"
"""The label that names the commit (OCI image specification, "Pre-Defined Annotation Keys"), as the others below."""

LINES = 20
"""Lines of a build that are told to whoever looks on."""

logger = structlog.get_logger(__name__)


class Recipe(BaseModel):
    """How an app's image is made, as its configuration says; no secret is in it."""

    model_config = ConfigDict(frozen=True)

    app: str
    image: str
    git: str
    path: str = "."
    dockerfile: str = "Dockerfile"
    tag: str
    target: str | None = None
    args: dict[str, str] = {}
    platforms: tuple[str, ...] = ()


class Sourced(BaseModel):
    """The commit that an image is made from, and the tag that it gets."""

    model_config = ConfigDict(frozen=True)

    sha: str
    subject: str
    author: str
    tag: str
    is_version: bool
    digest: str = ""
    """Of the image that there is of this commit already; "" where there is none."""


@dataclass(frozen=True)
class Limits:
    """What builds may take: the builder's name or `auto`, bytes of cache, bytes that must be free."""

    builder: str
    cache: int
    free: int


class Builds:
    """Makes images. What it asks of the configuration is asked each time: it may be another by then."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        sources: Callable[[], Sources],
        registries: Callable[[], Registries],
        builders: Callable[[], Sequence[Builder]],
        limits: Callable[[], Limits],
        logins: Callable[[str, Tell], Awaitable[tuple[RegistryLogin, ...]]],
        secrets: Callable[[str], Awaitable[Mapping[str, str]]],
        mask: Callable[[str], str],
        clock: Clock,
    ) -> None:
        """`logins` are those for a build that pushes to a repository, `secrets` those of an app's build by their ids;
        `mask` hides secrets in what builders say.
        """
        self._rooms = rooms
        self._sources = sources
        self._registries = registries
        self._builders = builders
        self._limits = limits
        self._logins = logins
        self._secrets = secrets
        self._mask = mask
        self._clock = clock

    async def sweep(self) -> None:
        """Remove what builds of a bot that was killed left behind. Before the first build only."""
        await asyncio.to_thread(self._rooms.sweep)

    async def source(self, recipe: Recipe, ref: str) -> Sourced:
        """The commit that `ref` names now, and whether its image is in the registry.

        Raises: RefMissing, ReferenceInvalid, SourceRefused, SourceUnreachable, RegistryRefused, RegistryUnreachable.
        """
        sources = self._sources()
        sha = await sources.resolve(recipe.git, ref, now=True)
        is_version = await sources.is_tag(recipe.git, ref)
        commit = await sources.commit(recipe.git, sha)
        tag = tag_of(recipe.tag, ref, sha, is_version=is_version)
        digest = await self._existing(recipe.image, tag, sha)
        return Sourced(
            sha=sha,
            subject=commit.subject,
            author=commit.author,
            tag=tag,
            is_version=is_version,
            digest=digest,
        )

    async def make(self, build: str, recipe: Recipe, source: Sourced, tell: Tell, *, again: bool) -> str:
        """Build the commit's image and push it; the digest. `build` names its room and log.

        What an earlier run of the same build has pushed is not made again.

        Raises: BuildFailed, BuilderAway, SecretMissing, and what reading the source raises.
        """
        limits = self._limits()
        await self._check_space(limits.free)
        builder = await choose(self._builders(), limits.builder)
        tell(BuilderChosen(builder.name))
        if pushed := await self._pushed_before(build, builder, recipe, source):
            return pushed
        room = await asyncio.to_thread(self._rooms.fresh, build)
        log = await asyncio.to_thread(BuildLog, self._rooms.log(build))
        try:
            tree = room / "source"
            await self._sources().check_out(recipe.git, source.sha, tree)
            heard = self._logging(log, tell)
            request = await self._request(recipe, source, room, tree, heard, again=again)
            digest = await builder.build(request, heard)
        finally:
            log.close()
            await asyncio.to_thread(self._rooms.remove, build)
        try:
            await builder.trim(limits.cache)
        except BuilderAway:  # the image is there all the same
            logger.exception("the builder's cache could not be trimmed")
        return digest

    async def _pushed_before(self, build: str, builder: Builder, recipe: Recipe, source: Sourced) -> str:
        """The digest of what a run of this build has pushed of which nobody knows how it ended; "" where nothing is."""
        if not await asyncio.to_thread(self._rooms.was_begun, build) or await builder.goes_on(build):
            return ""
        digest = await self._existing(recipe.image, source.tag, source.sha)
        return digest if digest != source.digest else ""

    async def size(self, image: str, digest: str) -> int:
        """Bytes of an image's layers. Raises: TagMissing, RegistryRefused, RegistryUnreachable."""
        return (await self._registries().facts(image, digest)).size

    async def log(self, build: str) -> bytes:
        """A build's log; b"" where it is not kept any more."""
        return await asyncio.to_thread(read, self._rooms.log(build))

    async def last_words(self, build: str, lines: int) -> str:
        """What the last instruction of a build said at its end."""
        said = (await self.log(build)).decode(errors="replace").rpartition(BEGUN)[2].partition("\n")[2]
        return "\n".join([line for line in said.splitlines() if line.strip()][-lines:])

    async def _request(
        self, recipe: Recipe, source: Sourced, room: Path, tree: Path, tell: Tell, *, again: bool
    ) -> BuildRequest:
        context = await asyncio.to_thread(_within, tree, recipe.path)
        dockerfile = await asyncio.to_thread(_within, context, recipe.dockerfile)
        if not await asyncio.to_thread(dockerfile.is_file):
            raise BuildFailed(
                f"{recipe.app} has no {recipe.dockerfile} in {source.sha[:7]}",
                advice=f"/dockerfile {recipe.app} proposes one",
            )
        check(await asyncio.to_thread(text_of, dockerfile))
        home = room / "builder"
        await asyncio.to_thread(home.mkdir)
        return BuildRequest(
            build=room.name,
            origin=Origin(
                parse_address(recipe.git, allow_file=True).url,
                source.sha,
                recipe.path,
                await self._sources().account(recipe.git),
            ),
            context=context,
            dockerfile=dockerfile,
            image=f"{recipe.image}:{source.tag}",
            room=home,
            target=recipe.target,
            args=recipe.args,
            secrets=await self._secrets(recipe.app),
            labels=self._labels(recipe, source),
            platforms=recipe.platforms,
            logins=await self._logins(recipe.image, tell),
            again=again,
        )

    def _labels(self, recipe: Recipe, source: Sourced) -> dict[str, str]:
        return {
            REVISION: source.sha,
            "org.opencontainers.image.source": parse_address(recipe.git, allow_file=True).url,
            "org.opencontainers.image.created": self._clock.now().isoformat(timespec="seconds"),
            "org.opencontainers.image.version": source.tag,
        }

    async def _existing(self, image: str, tag: str, sha: str) -> str:
        registries = self._registries()
        try:
            digest = await registries.digest(image, tag)
            labels = await registries.labels(image, digest)
        except (TagMissing, RepositoryMissing):
            return ""
        return digest if labels.get(REVISION) == sha else ""

    async def _check_space(self, least: int) -> None:
        free = await asyncio.to_thread(self._rooms.free)
        if free < least:
            raise BuildFailed(
                f"Only {free / 2**30:.1f} GiB are free on the bot's disk",
                advice="Make room, or lower builds.free",
            )

    def _logging(self, log: BuildLog, tell: Tell) -> Tell:
        def heard(event: BuildEvent) -> None:
            if isinstance(event, BuildStep) and event.state == "running":
                stage = f"{event.stage}: " if event.stage else ""
                log.begin(self._mask(f"{stage}{event.number}/{event.of} {event.instruction}"))
            if isinstance(event, BuildWords):
                masked = self._mask("\n".join(event.lines)).split("\n")
                log.write(masked)
                event = BuildWords(tuple(masked[-LINES:]))
            tell(event)

        return heard


def _within(folder: Path, path: str) -> Path:
    """A path below `folder`, also after symbolic links. Raises: BuildFailed."""
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise BuildFailed(
            f"{path} leads out of the repository", advice="Mend source.path or build.dockerfile"
        )
    return found
