"""Building an image from a commit, beside the builder's bare commands on the same files; a long history."""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

from bench.measuring import Figure, Goal, timed_async
from bot.clock import SystemClock
from bot.images.builders.buildah import Buildah, Settings
from bot.images.builders.building import RegistryLogin, Tell
from bot.images.builds import Builds, Limits, Recipe
from bot.images.registry import Registries
from bot.images.rooms import Rooms
from bot.images.source import Sources
from bot.sandbox.registry import RegistryServer

ROUNDS = 5
LONG_ROUNDS = 3
COMMITS = 10_000
DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]
ARG ROUND
RUN echo $ROUND > /round && head -c 5000000 /dev/zero > /made
CMD ["/bin/sh"]
"""
SECONDS = 20
LONG = f"""\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]
ARG ROUND
RUN echo $ROUND > /round && sleep {SECONDS}
"""
"""So long as a build is at least that one waits for."""


async def measure() -> list[Figure]:
    """With Debian's buildah and busybox, into the sandbox's registry."""
    with tempfile.TemporaryDirectory() as folder:
        async with _ground(Path(folder)) as ground:
            return [
                *await ground.beside_the_bare_command(),
                await ground.a_long_one(),
                await ground.a_history(),
            ]


@asynccontextmanager
async def _ground(folder: Path) -> AsyncIterator["_Ground"]:
    async with AsyncExitStack() as owned:
        registry = await owned.enter_async_context(RegistryServer())
        sources = await owned.enter_async_context(Sources(folder / "mirrors", allow_file=True))
        registries = await owned.enter_async_context(Registries())
        yield _Ground(folder, registry.host, sources, registries)


class _Ground:
    """A repository, a registry, and what builds from the one into the other."""

    def __init__(self, folder: Path, registry: str, sources: Sources, registries: Registries) -> None:
        self._folder = folder
        self._registry = registry
        self._sources = sources
        self._rooms = Rooms(folder / "builds")
        login = RegistryLogin(registry, plain_http=True)
        builder = Buildah(self._rooms.layers, lambda: Settings("chroot", 600), SystemClock())

        async def logins(_image: str, _tell: Tell) -> tuple[RegistryLogin, ...]:
            return (login,)

        async def secrets(_app: str) -> Mapping[str, str]:
            return {}

        self._builds = Builds(
            self._rooms,
            sources=lambda: sources,
            registries=lambda: registries,
            builders=lambda: [builder],
            limits=lambda: Limits("buildah", cache=2**40, free=0),
            logins=logins,
            secrets=secrets,
            mask=lambda text: text,
            clock=SystemClock(),
        )

    async def beside_the_bare_command(self) -> list[Figure]:
        """What is built in a moment, by which one sees what is ours."""
        mine, other = await self._beside("plain", DOCKERFILE, ROUNDS)
        note = "from the commit to the digest, beside `buildah build` and `push` of the same folder"
        return [
            Figure("build: an image of 6 instructions", mine, "s", note, beside=("buildah", other)),
            Figure(
                "build: more than the bare commands", max(0.0, mine - other), "s", "", goal=Goal(most=0.5)
            ),
        ]

    async def a_long_one(self) -> Figure:
        """What takes as long as builds do."""
        mine, other = await self._beside("long", LONG, LONG_ROUNDS)
        what = f"build: an image that takes {SECONDS} s"
        return Figure(what, mine, "s", "as above", beside=("buildah", other), goal=Goal(times=1.03))

    async def _beside(self, name: str, dockerfile: str, rounds: int) -> tuple[float, float]:
        """Seconds of ours and of the bare commands: each round has another argument, so that the last instructions
        are run; the first ones are cached in both.
        """
        source = self._repository(name, dockerfile)
        ours, bare = [], []
        for number in range(rounds + 1):
            start = time.perf_counter()
            await self._build(source, f"ours-{number}", {"ROUND": f"ours {number}"})
            ours.append(time.perf_counter() - start)
            start = time.perf_counter()
            await asyncio.to_thread(self._bare, source, number)
            bare.append(time.perf_counter() - start)
        return median(ours[1:]), median(bare[1:])

    async def a_history(self) -> Figure:
        """A branch to its commit, of a repository whose mirror is there: git is asked what is new."""
        folder = self._folder / "history"
        _git("init", "--quiet", "--initial-branch=main", str(folder))
        commits = "".join(
            f"commit refs/heads/main\ncommitter Lee <lee@example.org> {1_700_000_000 + number} +0000\n"
            f"data 2\nx\nM 100644 inline f{number % 500}\ndata 2\n{number % 10}\n\n"
            for number in range(COMMITS)
        )
        await asyncio.to_thread(_import, folder, commits.encode())
        url = f"file://{folder}"
        await self._sources.resolve(url, "main")
        asked = await timed_async(lambda: self._fresh().resolve(url, "main"), ROUNDS)
        note = f"{COMMITS} commits, the mirror warm, the server asked"
        return Figure(
            "build: a branch to its commit", asked.middle, "s", note, asked.slow, goal=Goal(most=0.5)
        )

    def _fresh(self) -> Sources:
        """Sources of the same mirrors that have fetched nothing a moment ago."""
        return Sources(self._folder / "mirrors", allow_file=True)

    async def _build(self, source: Path, tag: str, args: Mapping[str, str]) -> None:
        image = f"{self._registry}/bench/{source.name}"
        recipe = Recipe(app="bench", image=image, git=f"file://{source}", tag=tag, args=dict(args))
        found = await self._builds.source(recipe, "main")
        await self._builds.make(tag, recipe, found, lambda _event: None, again=False)

    def _bare(self, source: Path, number: int) -> None:
        storage = self._folder / "bare"
        image = f"{self._registry}/bench/bare-{source.name}:{number}"
        own = ["--root", f"{storage}/layers", "--runroot", f"{storage}/run", "--storage-driver", "overlay"]
        alone = ["unshare", "--mount", "--propagation", "private", "buildah", *own]
        argument = ["--build-arg", f"ROUND=bare {number}"]
        build = [*alone, "build", "--isolation", "chroot", "--layers", *argument, "--tag", image, str(source)]
        push = [*alone, "push", "--tls-verify=false", image, f"docker://{image}"]
        for command in (build, push):
            subprocess.run(command, check=True, capture_output=True)

    def _repository(self, name: str, dockerfile: str) -> Path:
        folder = self._folder / name
        _git("init", "--quiet", "--initial-branch=main", str(folder))
        (folder / "Dockerfile").write_text(dockerfile)
        (folder / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
        (folder / "busybox").chmod(0o755)
        who = ("-c", "user.name=Lee", "-c", "user.email=lee@example.org")
        _git("-C", str(folder), "add", "--all")
        _git("-C", str(folder), *who, "commit", "--quiet", "--message", "bench")
        return folder


def _import(folder: Path, commits: bytes) -> None:
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=commits, check=True)


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True)
