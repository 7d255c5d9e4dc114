"""Buildah: builds without a service of its own (buildah-build(1), https://buildah.io).

Its storage is a folder of ours, so that the cache can be bounded and nothing of the machine's is touched. Logins and
secrets are files in memory that it inherits: they stand in no argument, no environment and on no disk.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot import programs
from bot.clock import Clock
from bot.images.builders.buildah_words import BuildahWords
from bot.images.builders.building import BuildRequest, Tell, out_of_time
from bot.images.builders.logins import auth_json, registries_conf, write_certificates
from bot.images.builders.running import follow
from bot.images.errors import BuilderAway, BuildFailed
from bot.images.references import is_digest
from bot.images.wording import one_line
from bot.programs import OutOfTime, in_memory

Isolation = Literal["chroot", "oci", "rootless"]

_DRIVERS = ("overlay", "vfs")
"""How layers are stored, the better first: not every machine lets one mount overlays."""
_INDEX = "localhost/pilothouse"
"""What the images of several platforms are gathered in until they are pushed: buildah calls it a manifest. Each build
has one of its own, for buildah adds to one that is there, and lists no images while there is any."""
_QUICK = 60.0
_IN_ITS_OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private") if os.geteuid() == 0 else ("env",)
"""How it is started: what it mounts must go with it, also when it is killed. Other users than root are given mounts
of their own by buildah itself."""
_NOT_FOUND = 127
"""What unshare and env exit with where there is no such program."""


@dataclass(frozen=True)
class Settings:
    """How instructions are kept apart, and the longest that a build may take, in seconds."""

    isolation: Isolation
    seconds: float


class Buildah:
    """Builds with the `buildah` of this machine."""

    name = "buildah"

    def __init__(self, storage: Path, settings: Callable[[], Settings], clock: Clock) -> None:
        """`storage` is a folder of its own for layers; one of these alone may work in it."""
        self._storage = storage.absolute()
        self._settings = settings
        self._clock = clock
        self._driver = ""
        self._under_way = 0
        self._alone = asyncio.Lock()
        """Held while what no build may use is removed: none begins meanwhile."""

    async def missing(self) -> str:
        """Why it can't build here."""
        try:
            await self._usable()
        except BuilderAway as away:
            return str(away)
        return ""

    async def goes_on(self, _build: str) -> bool:
        """Never: it ends with the bot."""
        return False

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        """Build and push."""
        await self._usable()
        async with self._alone:
            self._under_way += 1
        ended_well = False
        try:
            digest = await self._build(request, tell)
            ended_well = True
        finally:
            self._under_way -= 1
            if not ended_well:
                await self._tidy()
        return digest

    async def _tidy(self) -> None:
        """Remove the containers that what failed or was stopped has worked in."""
        async with self._alone:
            if not self._under_way:
                await self._quick("rm", "--all", may_fail=True)

    async def _build(self, request: BuildRequest, tell: Tell) -> str:
        await asyncio.to_thread(_write_ways, request)
        seconds = self._settings().seconds
        several = len(request.platforms) > 1
        if several:  # what a bot has left that was killed in the middle
            await self._forget(_index(request))
        try:
            with ExitStack() as owned:
                login = owned.enter_context(in_memory("auth.json", auth_json(request.logins)))
                async with asyncio.timeout(seconds):
                    # One after the other: together they fail together, and nobody could tell which of them did.
                    for platform in request.platforms or ("",):
                        words = BuildahWords(
                            tell,
                            self._clock,
                            labels=len(request.labels),
                            platform=platform,
                            several=several,
                        )
                        await self._make(request, platform, login, words)
                return await self._push(request, login, words)
        except TimeoutError:
            raise out_of_time(seconds) from None
        finally:
            if several:
                await self._forget(_index(request))

    async def _make(self, request: BuildRequest, platform: str, login: int, words: BuildahWords) -> None:
        """Build for one platform; "" is this machine's."""
        with ExitStack() as owned:
            secrets = {
                name: owned.enter_context(in_memory("secret", value.encode()))
                for name, value in request.secrets.items()
            }
            arguments = ("build", *self._arguments(request, platform, login, secrets))
            status = await self._follow(request, arguments, (login, *secrets.values()), words)
        if status != 0:
            raise words.failure(status)
        words.ended()

    async def _forget(self, index: str) -> None:
        """Let go of an index, if there is one; its images stay, for later builds to begin from."""
        await self._quick("manifest", "rm", index, may_fail=True)

    async def trim(self, most: int) -> None:
        """Remove images, oldest first, while all layers take more than `most` bytes.

        A layer goes with the last image that is made of it. While something is built nothing is removed: it may be
        made of any of them.
        """
        await self._usable()
        async with self._alone:
            if not self._under_way:
                await self._trim(most)

    async def _trim(self, most: int) -> None:
        for image in await self._listed("--all"):
            for name in image["names"] or ():
                if name.startswith(f"{_INDEX}:"):  # of a build that a killed bot did not come back to
                    await self._forget(name)
        listed = await self._listed()
        removals = [("--", each["id"]) for each in sorted(listed, key=lambda each: each["created"])]
        for what in (*removals, ("--prune",)):  # at last what failed builds have left
            if await asyncio.to_thread(_size, self._storage) <= most:
                return
            await self._quick("rmi", "--force", *what, may_fail=True)

    async def _listed(self, *options: str) -> list[dict[str, Any]]:
        """Its images: `id`, `names` (a list or None), `created` (seconds)."""
        return json.loads(await self._quick("images", *options, "--json") or b"[]") or []

    async def _usable(self) -> None:
        """Find out once how layers can be stored here. Raises: BuilderAway."""
        if self._driver:
            return
        await asyncio.to_thread(self._storage.mkdir, mode=0o700, parents=True, exist_ok=True)
        for driver in _DRIVERS:
            self._driver = driver
            try:
                await self._quick("info")
            except BuilderAway as away:
                trouble = away
            else:
                return
        self._driver = ""
        raise trouble

    def _arguments(
        self, request: BuildRequest, platform: str, login: int, secrets: Mapping[str, int]
    ) -> Iterator[str]:
        yield from ("--isolation", self._settings().isolation, "--layers", "--format", "oci")
        yield from ("--authfile", f"/dev/fd/{login}", "--cert-dir", str(request.room / "certs"))
        if len(request.platforms) > 1:
            yield from ("--manifest", _index(request))
        else:
            yield from ("--tag", request.image)
        if platform:
            yield from ("--platform", platform)
        for name, number in secrets.items():
            yield from ("--secret", f"id={name},src=/dev/fd/{number}")
        for key, value in request.args.items():
            yield from ("--build-arg", f"{key}={value}")
        for key, value in request.labels.items():
            yield from ("--label", f"{key}={value}")
        if request.target is not None:
            yield from ("--target", request.target)
        if request.again:
            yield "--no-cache"
        yield from ("--file", str(request.dockerfile), "--", str(request.context))

    async def _push(self, request: BuildRequest, login: int, words: BuildahWords) -> str:
        """Push what was built; its digest, or that of the index of several."""
        words.pushes()
        file = request.room / "digest"
        several = len(request.platforms) > 1
        verb = ("manifest", "push", "--all", "--format", "oci") if several else ("push",)
        built = _index(request) if several else request.image
        options = ("--authfile", f"/dev/fd/{login}", "--cert-dir", str(request.room / "certs"))
        names = ("--digestfile", str(file), "--", built, f"docker://{request.image}")
        status = await self._follow(request, (*verb, *options, *names), (login,), words)
        digest = (await asyncio.to_thread(file.read_text)).strip() if status == 0 else ""
        if not is_digest(digest):
            said = one_line(words.last, longest=160)
            raise BuildFailed(f"The image was built but not pushed: {said}", advice="Check the registry")
        return digest

    async def _follow(
        self, request: BuildRequest, arguments: Iterable[str], inherits: Sequence[int], words: BuildahWords
    ) -> int:
        return await follow(
            *_IN_ITS_OWN_MOUNTS,
            "buildah",
            *self._storing(),
            *("--registries-conf", str(request.room / "registries.conf")),
            *arguments,
            named="buildah",
            request=request,
            environment=_environment(request.room),
            seconds=self._settings().seconds,
            tell=words.read,
            inherits=inherits,
        )

    def _storing(self) -> tuple[str, ...]:
        layers, run = self._storage / self._driver, self._storage / "run"
        return ("--root", str(layers), "--runroot", str(run), "--storage-driver", self._driver)

    async def _quick(self, *arguments: str, may_fail: bool = False) -> bytes:
        """Run a verb that does not build; what it says. Raises: BuilderAway."""
        try:
            ended = await programs.run(
                *_IN_ITS_OWN_MOUNTS,
                "buildah",
                *self._storing(),
                *arguments,
                environment=_environment(self._storage),
                seconds=_QUICK,
                folder=self._storage,
            )
        except (OSError, OutOfTime) as error:
            raise BuilderAway(f"buildah does not run on the bot's machine: {error}") from error
        if ended.status == _NOT_FOUND:
            raise BuilderAway("buildah is not installed on the bot's machine: apt install buildah.")
        if ended.status != 0 and not may_fail:
            raise BuilderAway(f"buildah can't work here: {one_line(ended.words, longest=160)}")
        return ended.output


def _index(request: BuildRequest) -> str:
    return f"{_INDEX}:{request.build}"


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C",
    }


def _write_ways(request: BuildRequest) -> None:
    (request.room / "registries.conf").write_text(registries_conf(request.logins))
    write_certificates(request.room / "certs", request.logins)


def _size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(
        entry.stat(follow_symlinks=False).st_size
        for root, _, names in os.walk(folder)
        for name in names
        if (entry := Path(root, name)).is_file() or entry.is_symlink()
    )
