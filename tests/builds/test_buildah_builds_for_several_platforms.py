"""Debian's buildah makes images for several platforms, and pushes them as one index to a registry with a password."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.events import BuildStep, Pushed
from bot.images.access import Credentials, ServerAccess
from bot.images.builders.buildah import Buildah, Settings
from bot.images.builders.building import BuildEvent, BuildRequest, RegistryLogin
from bot.images.builders.platforms import is_foreign
from bot.images.errors import BuildFailed, RepositoryMissing
from bot.images.registry import Registries
from tests.builds.gates import LONGEST, gate
from tests.builds.plain import manifest, read_back, request_for, write
from tests.builds.repositories import BUSYBOX, Repository
from tests.images import real_registry
from tests.images.git_server import certified
from tests.programs import needed
from tests.worlds import open_bot_world

PASSWORD = "s3cret"
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/s390x")
FILES = "FROM scratch AS files\nARG TARGETARCH\nCOPY notes /$TARGETARCH\n"
SHELL = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "/bin"]\nARG TARGETARCH\n'
"""Whatever it is built for, what it runs is a program for this machine."""
CONFIG = """
registries:
  {registry}: {{username: ci, password_file: password, plain_http: true}}
builds: {{builder: buildah, free: 1MB}}
apps:
  shop:
    image: {registry}/team/shop
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
    build: {{tag: "{{{{ branch }}}}", platforms: [linux/amd64, linux/arm64]}}
"""


@dataclass
class Bench:
    """A folder to build from, a builder with storage of its own, and the registry that images go into."""

    folder: Path
    registry: str
    told: list[BuildEvent] = field(default_factory=list)
    seconds: float = LONGEST

    def __post_init__(self) -> None:
        self.builder = Buildah(self._storage, lambda: Settings("chroot", self.seconds), SystemClock())

    async def build(self, dockerfile: str, notes: str = "", **more: Any) -> str:
        """Build by this Dockerfile beside a busybox, one that no processor runs, and notes; the digest."""
        self.told.clear()
        return await self.builder.build(self.request(dockerfile, notes, **more), self.told.append)

    def request(self, dockerfile: str, notes: str, **more: Any) -> BuildRequest:
        source = self.folder / "source"
        write(source, {"Dockerfile": dockerfile, "notes": notes})
        shutil.copy(BUSYBOX, source / "busybox")
        (source / "foreign").write_bytes(made_for_no_machine(BUSYBOX.read_bytes()))
        (source / "foreign").chmod(0o755)
        shutil.rmtree(self.folder / "room", ignore_errors=True)
        more.setdefault("logins", (RegistryLogin(self.registry, "ci", PASSWORD, plain_http=True),))
        return request_for(self.folder, f"{self.registry}/team/shop:main", **more)

    def ends(self) -> list[tuple[str, str, str]]:
        """Stage, instruction and end of all that were begun, in the order in which they ended."""
        steps = [each for each in self.told if isinstance(each, BuildStep) and each.state != "running"]
        return [(each.stage, each.instruction, each.state) for each in steps]

    async def pushed(self) -> str:
        """What the registry has under the tag."""
        account = Credentials("ci", lambda: PASSWORD)
        async with Registries({self.registry: ServerAccess(account)}) as registries:
            return await registries.digest(f"{self.registry}/team/shop", "main")

    async def platforms(self, digest: str) -> list[tuple[str, str]]:
        """Those of an index, each with the digest of its image."""
        index = await manifest(self.repository, digest, login=real_registry.LOGIN)
        assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
        return [
            (f"{each['platform']['os']}/{each['platform']['architecture']}", each["digest"])
            for each in index["manifests"]
        ]

    @property
    def repository(self) -> str:
        return f"http://{self.registry}/v2/team/shop/"

    def buildah(self, *arguments: str) -> str:
        """What buildah says of the builder's storage."""
        plain = self._storage / "vfs"  # where overlays can't be mounted
        layers = plain if plain.exists() else self._storage / "overlay"
        where = ("--root", str(layers), "--runroot", str(self._storage / "run"))
        command = ["buildah", *where, "--storage-driver", layers.name, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def kept(self) -> Sequence[str]:
        """Names of images and indexes that it has, and its containers."""
        images = json.loads(self.buildah("images", "--all", "--json") or "[]") or []
        containers = json.loads(self.buildah("containers", "--json")) or []
        names = [name for each in images for name in each["names"] or ()]
        return [*names, *(each["containername"] for each in containers)]

    @property
    def _storage(self) -> Path:
        return self.folder / "layers"


def made_for_no_machine(program: bytes) -> bytes:
    """A program whose header says that it is made for an AT&T WE 32100 (ELF's e_machine 1)."""
    return program[:18] + b"\x01\x00" + program[20:]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    needed("buildah")
    (tmp_path / "registry").mkdir()
    async with real_registry.running(tmp_path / "registry") as registry:
        yield Bench(tmp_path, registry)


async def test_they_make_one_index_whose_digest_is_told(bench: Bench) -> None:
    dockerfile = f"{FILES}FROM scratch\nCOPY --from=files / /srv/\n"
    digest = await bench.build(dockerfile, platforms=PLATFORMS, labels={"title": "a shop"})
    assert digest == await bench.pushed()
    images = await bench.platforms(digest)
    assert tuple(platform for platform, _ in images) == PLATFORMS
    for platform, image in images:
        built = await read_back(bench.repository, image, login=real_registry.LOGIN)
        architecture = platform.removeprefix("linux/")
        assert built.config["architecture"] == architecture
        assert built.config["config"]["Labels"]["title"] == "a shop"
        assert f"srv/{architecture}" in built.members()
    copies = [(stage, text) for stage, text, _ in bench.ends() if text.startswith("COPY")]
    texts = ("COPY notes /$TARGETARCH", "COPY --from=files / /srv/")
    assert copies == [
        (f"{platform} {number} of 2", text)
        for platform in PLATFORMS
        for number, text in enumerate(texts, start=1)
    ]
    assert bench.told.count(Pushed(0, 0)) == 1


async def test_the_next_index_has_nothing_of_the_one_before(bench: Bench) -> None:
    first = dict(await bench.platforms(await bench.build(FILES, "one", platforms=PLATFORMS)))
    second = await bench.platforms(await bench.build(FILES, "two", platforms=PLATFORMS))
    assert tuple(platform for platform, _ in second) == PLATFORMS
    assert not {digest for _, digest in second} & {*first.values()}


async def test_what_did_not_change_comes_from_the_cache(bench: Bench) -> None:
    first = await bench.build(FILES, platforms=PLATFORMS)
    assert await bench.build(FILES, platforms=PLATFORMS) == first
    assert {state for _, text, state in bench.ends() if text.startswith("COPY")} == {"cached"}


async def test_what_they_came_to_is_trimmed_as_all_else(bench: Bench) -> None:
    await bench.build(FILES, platforms=PLATFORMS)
    assert not bench.kept()
    # A bot that was killed in the middle, and whose build was given up before it was begun again.
    (image, *_) = json.loads(bench.buildah("images", "--json"))
    bench.buildah("manifest", "create", "localhost/pilothouse:given-up", image["id"])
    await bench.builder.trim(0)
    assert json.loads(bench.buildah("images", "--all", "--json") or "[]") in (None, [])
    await bench.build(FILES, platforms=PLATFORMS)


async def test_what_a_killed_bot_had_gathered_is_not_pushed(bench: Bench) -> None:
    await bench.build(FILES, "before", platforms=("linux/amd64",))
    bench.buildah("manifest", "create", "localhost/pilothouse:one", f"{bench.registry}/team/shop:main")
    digest = await bench.build(FILES, "after", platforms=PLATFORMS)
    assert tuple(platform for platform, _ in await bench.platforms(digest)) == PLATFORMS


async def test_what_runs_for_the_machine_that_builds_needs_no_emulation(bench: Bench) -> None:
    compiled = SHELL.replace("FROM", "FROM --platform=$BUILDPLATFORM").replace(
        "scratch", "scratch AS compiler"
    )
    dockerfile = f"{compiled}RUN echo $TARGETARCH > /shop\nFROM scratch\nCOPY --from=compiler /shop /shop\n"
    for platform, image in await bench.platforms(await bench.build(dockerfile, platforms=PLATFORMS)):
        built = await read_back(bench.repository, image, login=real_registry.LOGIN)
        assert f"linux/{built.text('shop').strip()}" == f"linux/{built.config['architecture']}" == platform


@pytest.mark.parametrize("others", [(), ("linux/amd64",)])
async def test_what_this_machine_can_not_run_is_said(bench: Bench, others: tuple[str, ...]) -> None:
    foreign = "linux/arm64" if is_foreign("linux/arm64") else "linux/s390x"
    dockerfile = "FROM scratch\nCOPY foreign /bin/sh\nRUN echo never\n"
    with pytest.raises(BuildFailed) as failed:
        await bench.build(dockerfile, platforms=(foreign, *others))
    # As the cause, or as a guess: buildah loses its own words of the cause at times.
    assert f"can't run programs of {foreign}" in f"{failed.value}: {failed.value.advice}"
    assert failed.value.instruction == "RUN echo never"
    assert "qemu-user-static" in failed.value.advice
    assert bench.ends()[-1] == (foreign if others else "", "RUN echo never", "failed")
    with pytest.raises(RepositoryMissing):
        await bench.pushed()
    assert not bench.kept()


async def test_a_cancel_leaves_nothing_of_any_platform(bench: Bench) -> None:
    async with gate() as held:
        run = f"RUN test $TARGETARCH = amd64 || {{ {held.command}; }}"
        request = bench.request(f"{SHELL}{run}\n", "", platforms=PLATFORMS)
        building = asyncio.create_task(bench.builder.build(request, bench.told.append))
        reached = asyncio.create_task(held.reached())
        await asyncio.wait({building, reached}, return_when=asyncio.FIRST_COMPLETED)
        assert not building.done(), await building
        building.cancel()
        with suppress(asyncio.CancelledError):
            await building
        await held.left()
    assert [stage for stage, text, _ in bench.ends() if text == run] == ["linux/amd64"]
    with pytest.raises(RepositoryMissing):
        await bench.pushed()
    assert not bench.kept()


async def test_what_takes_too_long_is_ended(bench: Bench) -> None:
    bench.seconds = 1
    with pytest.raises(BuildFailed, match="longer than") as failed:
        await bench.build(f"{SHELL}RUN sleep 98765\n", platforms=PLATFORMS)
    assert failed.value.advice == "Raise builds.timeout"
    assert not bench.kept()


@pytest.mark.parametrize("platforms", [(), ("linux/amd64", "linux/arm64")])
async def test_a_registry_with_an_authority_of_its_own_is_pushed_to(
    tmp_path: Path, platforms: tuple[str, ...]
) -> None:
    needed("buildah")
    (tmp_path / "registry").mkdir()
    certified(tmp_path)
    authority = tmp_path / "certificate.pem"
    files = {"certificate": authority, "key": tmp_path / "key.pem"}
    async with real_registry.running(tmp_path / "registry", **files) as registry:
        login = RegistryLogin(registry, "ci", PASSWORD, ca_file=authority)
        digest = await Bench(tmp_path, registry).build(FILES, platforms=platforms, logins=(login,))
        access = ServerAccess(Credentials("ci", lambda: PASSWORD), ca_file=authority)
        async with Registries({f"https://{registry}": access}) as registries:
            assert await registries.digest(f"{registry}/team/shop", "main") == digest


async def test_an_index_is_deployed_by_its_digest_and_a_platform_that_fails_is_named(tmp_path: Path) -> None:
    needed("buildah")
    repository = Repository(tmp_path / "git" / "shop")
    repository.commit({"Dockerfile": FILES, "notes": "of the shop"}, "Begin")
    (tmp_path / "registry").mkdir()
    (tmp_path / "password").write_text(PASSWORD)
    async with real_registry.running(tmp_path / "registry") as registry:
        config = CONFIG.format(registry=registry, git=repository.url)
        async with open_bot_world(tmp_path, config) as world:
            world.sandbox.servers.elsewhere.add(registry)
            world.lee.says("/build shop main")
            await world.sees(r"✅ build shop main · ", buttons=["Deploy to staging", "Log", "Digest"])
            await world.lee.presses("Deploy to staging")
            await world.sees("Plan: shop → staging main")
            await world.lee.presses("Deploy to staging")
            await world.sees("✅ shop → staging main")
            world.lee.says("/images shop")
            listed = await world.sees("shop: 1 image", buttons=["Build"])
            pods = world.cluster.storage.list("", "pods", "shop-staging")
            fails = 'RUN ["/busybox", "sh", "-c", "test $TARGETARCH = amd64"]\n'
            shutil.copy(BUSYBOX, repository.folder)
            repository.commit({"Dockerfile": f"{FILES}COPY busybox /\n{fails}"}, "Try it")
            world.lee.says("/build shop main")
            failed = await world.sees(r"❌ build shop main · ", buttons=["Whole log"])
            await world.lee.presses("Whole log")
            log = await world.sees("build shop main")
        digest = await Bench(tmp_path, registry).pushed()
    assert "Runs in staging" in listed.text
    assert "2 platforms" in listed.text.replace("\u00a0", " ")
    assert "Failed at step 5 of 5, stage linux/arm64: Exit 1" in failed.text
    assert log.document is not None
    headings = [line for line in log.document.content.decode().splitlines() if "COPY busybox" in line]
    assert headings == [f"── {each}: 4/5 COPY busybox /" for each in ("linux/amd64", "linux/arm64")]
    images = {pod["spec"]["containers"][0]["image"] for pod in pods}
    assert f"{registry}/team/shop:main@{digest}" in images
