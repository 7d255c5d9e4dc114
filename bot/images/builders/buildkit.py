"""BuildKit: a daemon that `buildctl` talks to, on this machine or elsewhere (https://github.com/moby/buildkit).

The daemon gets the files, secrets and logins of one build from the client's session, and keeps them for no other.
Nothing is asked of it that its operator must allow: no entitlement, no front end but its own (security.md, row 31).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from bot import programs
from bot.images.builders.building import BuildRequest, Tell
from bot.images.builders.buildkit_words import BuildkitWords
from bot.images.builders.logins import auth_json
from bot.images.builders.running import follow
from bot.images.errors import BuilderAway, BuildFailed
from bot.images.references import is_digest
from bot.images.wording import one_line
from bot.programs import OutOfTime, in_memory

LEAST = Version("0.28.1")
"""The first without CVE-2024-23652 and CVE-2026-33747, by which a build wrote on the daemon's machine."""

_QUICK = 20.0
_VERSION = re.compile(r"\bv(\d+\.\d+\.\d+)")


@dataclass(frozen=True)
class BuildkitSettings:
    """Where the daemon listens, how it is known by TLS, and the longest that a build may take, in seconds.

    The address is `unix:///run/buildkit/buildkitd.sock` or `tcp://host:1234`; "" where none is configured.
    """

    address: str
    seconds: float
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


class Buildkit:
    """Builds in a BuildKit daemon."""

    name = "buildkit"

    def __init__(self, settings: Callable[[], BuildkitSettings]) -> None:
        self._settings = settings

    async def missing(self) -> str:
        """Why it can't build here."""
        if not self._settings().address:
            return "No BuildKit is configured (builds.buildkit.address)."
        try:
            told = await self._quick("debug", "info")
        except BuilderAway as away:
            return str(away)
        version = _VERSION.search(told)
        if version is None:
            return f"BuildKit does not tell its version: {one_line(told, longest=80)}."
        is_old = Version(version[1]) < LEAST
        return f"BuildKit {version[1]} has known holes: use {LEAST} or newer." if is_old else ""

    async def goes_on(self, _build: str) -> bool:
        """Never: it ends with the bot."""
        return False

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        """Build and push."""
        words = BuildkitWords(tell)
        result = request.room / "result.json"
        with ExitStack() as owned:
            login = owned.enter_context(in_memory("config.json", auth_json(request.logins)))
            secrets = {
                name: owned.enter_context(in_memory("secret", value.encode()))
                for name, value in request.secrets.items()
            }
            logins = await asyncio.to_thread(_login_folder, request.room, login)
            status = await follow(
                "buildctl",
                *self._reaching(),
                "build",
                *self._arguments(request, result, secrets),
                named="buildctl",
                request=request,
                environment={**_environment(request.room), "DOCKER_CONFIG": str(logins)},
                seconds=self._settings().seconds,
                tell=words.read,
                inherits=(login, *secrets.values()),
            )
        if status != 0:
            raise words.failure(status)
        digest = (await asyncio.to_thread(_read, result)).get("containerimage.digest")
        if not isinstance(digest, str) or not is_digest(digest):
            raise BuildFailed("BuildKit does not tell what it pushed")
        return digest

    async def trim(self, most: int) -> None:
        """Keep the daemon's cache below `most` bytes."""
        await self._quick("prune", "--keep-storage", str(most // 10**6))

    def _arguments(self, request: BuildRequest, result: Path, secrets: Mapping[str, int]) -> Iterator[str]:
        yield from ("--progress", "rawjson", "--metadata-file", str(result))
        yield from ("--local", f"context={request.context}")
        yield from ("--local", f"dockerfile={request.dockerfile.parent}")
        for name, number in secrets.items():
            yield from ("--secret", f"id={name},src=/dev/fd/{number}")
        yield from frontend_options(request, request.dockerfile.name)

    def _reaching(self) -> Iterator[str]:
        settings = self._settings()
        yield from ("--addr", settings.address)
        files = {"cacert": settings.ca_file, "cert": settings.cert_file, "key": settings.key_file}
        for kind, file in files.items():
            if file is not None:
                yield from (f"--tls{kind}", str(file))

    async def _quick(self, *arguments: str) -> str:
        """Ask the daemon something that takes no time. Raises: BuilderAway."""
        home = Path("/")
        try:
            ended = await programs.run(
                "buildctl",
                *self._reaching(),
                *arguments,
                environment=_environment(home),
                seconds=_QUICK,
                folder=home,
            )
        except FileNotFoundError:
            raise BuilderAway("buildctl is not installed on the bot's machine.") from None
        except (OSError, OutOfTime) as error:
            raise BuilderAway(f"BuildKit does not answer at {self._settings().address}.") from error
        if ended.status != 0:
            said = one_line(ended.words.removeprefix("error: "), longest=160)
            raise BuilderAway(f"BuildKit can't be asked: {said}.")
        return ended.output.decode(errors="replace")


def frontend_options(request: BuildRequest, dockerfile: str) -> Iterator[str]:
    """The part of `buildctl build` that says what is made, however the files, secrets and logins come to it.

    `dockerfile` is its path within its own folder of the session, or within the repository.
    """
    yield from ("--frontend", "dockerfile.v0", "--opt", f"filename={dockerfile}")
    for key, value in request.args.items():
        yield from ("--opt", f"build-arg:{key}={value}")
    for key, value in request.labels.items():
        yield from ("--opt", f"label:{key}={value}")
    if request.target is not None:
        yield from ("--opt", f"target={request.target}")
    if request.platforms:
        yield from ("--opt", f"platform={','.join(request.platforms)}")
    if request.again:
        yield "--no-cache"
    plain = {each.host for each in request.logins if each.plain_http}
    insecure = ",registry.insecure=true" if request.image.partition("/")[0] in plain else ""
    yield from ("--output", f"type=image,name={request.image},push=true,oci-mediatypes=true{insecure}")


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C"}


def _login_folder(room: Path, descriptor: int) -> Path:
    """A folder whose config.json is the file in memory that the client inherits."""
    folder = room / "docker"
    folder.mkdir()
    (folder / "config.json").symlink_to(f"/dev/fd/{descriptor}")
    return folder


def _read(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
