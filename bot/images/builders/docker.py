"""Docker: the engine of this machine or of another one, through its API (https://docs.docker.com/reference/api/engine/).

It builds with the engine's classic builder: `docker_asking` says what that takes, `docker_context` makes the files
into what is sent, `docker_words` reads what is answered, and `docker_cache` says what of it goes again.

A build is one request: when its connection ends, by a cancel or with the bot, Docker ends the build and removes the
container that an instruction ran in.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError

from bot.clock import Clock
from bot.images.builders.building import BuildRequest, RegistryLogin, Tell, out_of_time
from bot.images.builders.docker_asking import check, instructions_of, parameters
from bot.images.builders.docker_cache import Kept, beyond, kept
from bot.images.builders.docker_context import archived, files_of
from bot.images.builders.docker_words import DockerWords, Message, PushWords
from bot.images.builders.dockerfiles import text_of
from bot.images.builders.logins import registry_auth, registry_config
from bot.images.errors import BuilderAway, BuildFailed
from bot.images.references import is_digest, parse_repository
from bot.images.wording import one_line

CACHE = "pilothouse-build"
"""What images are called in Docker that builds may take from the cache: each stage of a Dockerfile is one."""

_CONNECTING = aiohttp.ClientTimeout(sock_connect=10.0)
_QUICK = 20.0
_TIDYING = 120.0
_LONGEST_MESSAGE = 2**22
_NO_ANSWER = 900
"""The status that aiodocker gives where there was none."""
_NO_MATTER = (DockerError, aiohttp.ClientError, TimeoutError, RuntimeError)
"""What may come of tidying up; the last where its connection was closed by another cancel."""


@dataclass(frozen=True)
class DockerSettings:
    """Where the daemon listens, how it is known by TLS, and the longest that a build may take, in seconds.

    The address is `unix:///var/run/docker.sock` or `tcp://host:2376`; "" where none is configured.
    """

    host: str
    seconds: float
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @property
    def has_tls(self) -> bool:
        """Whether it is spoken to by TLS."""
        return any((self.ca_file, self.cert_file, self.key_file))


class DockerEngine:
    """Builds in a Docker daemon."""

    name = "docker"

    def __init__(self, settings: Callable[[], DockerSettings], clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._under_way = 0
        self._alone = asyncio.Lock()
        """Held while images are removed that a build could begin from: none begins meanwhile."""

    async def missing(self) -> str:
        """Why it can't build here."""
        try:
            async with self._asked() as docker, asyncio.timeout(_QUICK):
                await _platform(docker)
        except BuilderAway as away:
            return str(away)
        return ""

    async def goes_on(self, _build: str) -> bool:
        """Never: it ends with the bot."""
        return False

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        """Build and push."""
        seconds = self._settings().seconds
        async with self._alone:
            self._under_way += 1
        try:
            async with asyncio.timeout(seconds):
                return await self._build(request, tell)
        except TimeoutError:
            raise out_of_time(seconds) from None
        finally:
            self._under_way -= 1

    async def trim(self, most: int) -> None:
        """Remove images that builds have left while their layers take more than `most` bytes.

        While something is built nothing is removed: it may be made of any of them.
        """
        async with self._alone:
            if self._under_way:
                return
            async with self._asked() as docker, asyncio.timeout(_TIDYING):
                listed = await docker.images.list(filters={"reference": [CACHE]})
                names = [
                    name for each in listed for name in each["RepoTags"] or () if name.startswith(f"{CACHE}:")
                ]
                for name in beyond([await _kept(docker, name) for name in names], most):
                    with suppress(DockerError):  # somebody runs it
                        await docker.images.delete(name)

    async def _build(self, request: BuildRequest, tell: Tell) -> str:
        instructions = instructions_of(await asyncio.to_thread(text_of, request.dockerfile))
        check(instructions, request.platforms)
        async with self._asked() as docker:
            asked = parameters(request, instructions, await _platform(docker))
            words = DockerWords(tell, self._clock, labels=len(request.labels))
            try:
                async with aclosing(_built(docker, asked, request)) as messages:
                    async for message in messages:
                        words.read(message)
            finally:
                await asyncio.shield(_keep(docker, words.worth_keeping()))
            return await self._push(docker, words.ended(), request, tell)

    async def _push(self, docker: Docker, image: str, request: BuildRequest, tell: Tell) -> str:
        """Push what was built; its digest. The name that it is pushed by is not left in Docker."""
        repository, _, tag = request.image.rpartition(":")
        words = PushWords(tell)
        await docker.images.tag(image, repository, tag=tag)
        try:
            auth = registry_auth(_login(request, repository))
            async for message in docker.images.push(repository, tag=tag, auth=auth, stream=True):
                words.read(message)
        except DockerError as error:
            if error.status == _NO_ANSWER:
                raise
            raise _not_pushed(error.message) from error
        finally:
            await asyncio.shield(_forget(docker, request.image))
        if not is_digest(words.digest):
            raise _not_pushed("Docker does not tell what it pushed")
        return words.digest

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[Docker]:
        """The daemon's API. Raises: BuilderAway, also for what goes wrong within."""
        settings = self._settings()
        if not settings.host:
            raise BuilderAway("No Docker is configured (builds.docker).")
        try:
            tls = await asyncio.to_thread(_tls, settings) if settings.has_tls else None
            host = settings.host.replace("tcp://", "https://", 1) if tls is not None else settings.host
            async with Docker(host, timeout=_CONNECTING, ssl_context=tls) as docker:
                yield docker
        except (DockerError, aiohttp.ClientError, OSError) as error:
            raise BuilderAway(f"Docker does not answer at {settings.host}: {_why(error)}.") from error
        except (ValueError, LookupError, TypeError) as error:
            raise BuilderAway(f"What answers at {settings.host} does not speak as Docker does.") from error


async def _platform(docker: Docker) -> str:
    """The daemon's own, such as `linux/amd64`. Raises: BuilderAway."""
    about = await docker.version()
    system = str(about["Os"])
    if system != "linux":
        raise BuilderAway(f"Docker makes images for {one_line(system, longest=40)}, not for Linux.")
    return f"{system}/{about['Arch']}"


async def _kept(docker: Docker, name: str) -> Kept:
    history: Any = await docker.images.history(name)
    return kept(name, await docker.images.inspect(name), history)


async def _built(docker: Docker, asked: dict[str, str], request: BuildRequest) -> AsyncGenerator[Message]:
    """Ask for a build; what is answered, as it comes. aiodocker's own way knows neither target nor logins.

    Raises: BuildFailed where Docker does not begin it.
    """
    files = await asyncio.to_thread(files_of, request.context, request.dockerfile)
    async with docker.session.post(
        f"{docker.docker_host}/{docker.api_version}/build",
        params=asked,
        headers={"Content-Type": "application/x-tar", "X-Registry-Config": registry_config(request.logins)},
        data=archived(files),
        timeout=_CONNECTING,
    ) as answer:
        if not answer.ok:
            said = (await answer.json(content_type=None))["message"]
            raise BuildFailed(one_line(said, longest=160))
        rest = b""
        async for piece in answer.content.iter_any():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield json.loads(line)
            if len(rest) > _LONGEST_MESSAGE:
                raise ValueError("a message without an end")


async def _keep(docker: Docker, images: Iterable[str]) -> None:
    """Give images, by their ids, the name that `trim` finds them by: without one nobody would remove them."""
    with suppress(*_NO_MATTER):
        async with asyncio.timeout(_QUICK):
            for each in images:
                await docker.images.tag(each, CACHE, tag=each)


async def _forget(docker: Docker, image: str) -> None:
    """Take a name from an image."""
    with suppress(*_NO_MATTER):
        async with asyncio.timeout(_QUICK):
            await docker.images.delete(image)


def _login(request: BuildRequest, repository: str) -> RegistryLogin:
    host = parse_repository(repository).host
    return next((each for each in request.logins if each.host == host), RegistryLogin(host))


def _not_pushed(said: str) -> BuildFailed:
    words = one_line(said, longest=160)
    return BuildFailed(f"The image was built but not pushed: {words}", advice="Check the registry")


def _tls(settings: DockerSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def _why(error: Exception) -> str:
    """What kept Docker from answering, in few words."""
    cause = error.__context__ if isinstance(error, DockerError) and error.status == _NO_ANSWER else error
    if isinstance(cause, aiohttp.ClientConnectorError) and cause.strerror:
        return cause.strerror
    if isinstance(cause, TimeoutError):
        return "it took too long"
    return one_line(getattr(cause, "message", "") or str(cause), longest=160).rstrip(".")
