"""A real BuildKit daemon builds, runs instructions in runc and pushes to Debian's registry with a password."""

import asyncio
import hashlib
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bot.events import BuildStep, BuildWords, Pushed
from bot.images.access import Credentials, ServerAccess
from bot.images.builders.building import BuildEvent, BuildRequest, RegistryLogin
from bot.images.builders.buildkit import Buildkit, BuildkitSettings
from bot.images.errors import BuildFailed
from bot.images.registry import Registries
from tests.buildkit.running import BuildkitDaemon, remove_cgroups
from tests.builds.gates import LONGEST, gate
from tests.builds.plain import Built, manifest, read_back, request_for, write
from tests.builds.remains import contents, processes
from tests.builds.repositories import BUSYBOX, shop
from tests.images import real_registry
from tests.worlds import open_bot_world

SECRET = "c4nary-of-the-build"
PASSWORD = "s3cret"
CHAT = """
builds: {{builder: buildkit, free: 1MB, buildkit: {{address: "{address}"}}}}
apps:
  shop:
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
    build: {{}}
"""
STARTS = """
import sys, time
from pathlib import Path
from tests.buildkit.running import buildkit_daemon

folder, *programs = map(Path, sys.argv[1:])
with buildkit_daemon({each.name: each for each in programs}, folder):
    print("up", flush=True)
    time.sleep(1000)
"""
TOOLS = 'FROM scratch AS tools\nCOPY busybox notes /bin/\nRUN ["/bin/busybox", "--install", "/bin"]\n'


@dataclass(frozen=True)
class Bench:
    """A folder to build from, a daemon, and the registry that images go into."""

    folder: Path
    daemon: BuildkitDaemon
    registry: str

    async def build(self, dockerfile: str, tell: Callable[[BuildEvent], None], **more: Any) -> Built:
        """Build by this Dockerfile beside a busybox; what the registry then has. Raises as the builder does."""
        told: list[BuildEvent] = []

        def heard(event: BuildEvent) -> None:
            told.append(event)
            tell(event)

        digest = await builder(self.daemon).build(self.request(dockerfile, **more), heard)
        return await read_back(
            f"http://{self.registry}/v2/team/shop/", digest, told, login=real_registry.LOGIN
        )

    def request(self, dockerfile: str, **more: Any) -> BuildRequest:
        """What asks for that build."""
        source, room = self.folder / "source", self.folder / "room"
        # What it begins with is like no other test's, which the daemon may have in its cache.
        write(source, {"Dockerfile": dockerfile, "notes": self.folder.name})
        shutil.copy(BUSYBOX, source / "busybox")
        shutil.rmtree(room, ignore_errors=True)
        login = RegistryLogin(self.registry, "ci", PASSWORD, plain_http=True)
        return request_for(self.folder, f"{self.registry}/team/shop:main", logins=(login,), **more)


@pytest.fixture
async def bench(tmp_path: Path, buildkit: BuildkitDaemon) -> AsyncIterator[Bench]:
    (tmp_path / "registry").mkdir()
    async with real_registry.running(tmp_path / "registry") as registry:
        yield Bench(tmp_path, buildkit, registry)


def builder(daemon: BuildkitDaemon, seconds: float = 300) -> Buildkit:
    return Buildkit(lambda: BuildkitSettings(daemon.address, seconds))


def ends(told: tuple[BuildEvent, ...]) -> list[tuple[str, str, str]]:
    """Stage, instruction and end of all that were begun, in the order in which they ended."""
    steps = [each for each in told if isinstance(each, BuildStep) and each.state != "running"]
    return [(each.stage, each.instruction, each.state) for each in steps]


def states(built: Built) -> set[str]:
    return {state for _, _, state in ends(built.events)}


def ignored(_event: BuildEvent) -> None:
    """For who does not look on."""


async def test_a_build_is_told_step_by_step_and_ends_with_its_digest(bench: Bench) -> None:
    dockerfile = TOOLS + (
        'FROM tools AS shop\nARG STAGE=none\nCOPY notes /srv/\nRUN echo "compiling the $STAGE"\n'
        "FROM shop\nRUN echo never\n"
    )
    labels = {"org.opencontainers.image.revision": "4f0c", "title": "a shop, with spaces"}
    assert await builder(bench.daemon).missing() == ""
    built = await bench.build(dockerfile, ignored, target="shop", args={"STAGE": "shop"}, labels=labels)
    assert ends(built.events) == [
        ("tools", "COPY busybox notes /bin/", "done"),
        ("tools", 'RUN ["/bin/busybox", "--install", "/bin"]', "done"),
        ("shop", "COPY notes /srv/", "done"),
        ("shop", 'RUN echo "compiling the shop"', "done"),
    ]
    assert BuildWords(("compiling the shop",)) in built.events
    assert built.events[-1] == Pushed(0, 0)
    assert built.config["config"]["Labels"] == labels
    assert "srv/notes" in built.members()
    async with Registries({bench.registry: ServerAccess(Credentials("ci", lambda: PASSWORD))}) as registries:
        assert await registries.digest(f"{bench.registry}/team/shop", "main") == built.digest


async def test_what_did_not_change_comes_from_the_cache_unless_it_is_built_again(bench: Bench) -> None:
    dockerfile = TOOLS + "RUN echo cached\n"
    first = await bench.build(dockerfile, ignored)
    second = await bench.build(dockerfile, ignored)
    assert states(second) == {"cached"}
    assert second.digest == first.digest
    third = await bench.build(dockerfile, ignored, again=True)
    assert states(third) == {"done"}
    assert BuildWords(("cached",)) in third.events


async def test_an_image_of_a_registry_with_a_password_is_built_upon(bench: Bench) -> None:
    await bench.build(TOOLS, ignored)
    above = await bench.build(f"FROM {bench.registry}/team/shop:main\nRUN echo $((6 * 7))\n", ignored)
    assert BuildWords(("42",)) in above.events


async def test_an_instruction_that_fails_is_named_with_its_last_words(bench: Bench) -> None:
    told: list[BuildEvent] = []
    loop = "for i in 1 2 3; do echo line $i; done; echo no such module: stripe >&2; exit 3"
    with pytest.raises(BuildFailed) as failed:
        await bench.build(f"{TOOLS}RUN {loop}\nRUN echo never\n", told.append)
    assert str(failed.value) == "Exit 3"
    assert failed.value.instruction == f"RUN {loop}"
    assert ends(tuple(told))[-1] == ("", f"RUN {loop}", "failed")
    said = [line for each in told if isinstance(each, BuildWords) for line in each.lines]
    assert {"line 1", "line 2", "line 3", "no such module: stripe"} == set(said)


@pytest.mark.parametrize(
    ("dockerfile", "instruction", "words"),
    [
        ("FROM scratch\nRUN echo hi\n", "RUN echo hi", "The image has no such program"),
        (
            'FROM scratch\nCOPY --chmod=755 notes /\nRUN ["/notes"]\n',
            'RUN ["/notes"]',
            "What it runs is no program for this machine",
        ),
        (
            'FROM scratch\nCOPY --chmod=644 busybox /\nRUN ["/busybox"]\n',
            'RUN ["/busybox"]',
            'exec: "/busybox": permission denied',
        ),
        ("FROM scratch\nCOPY nothing /\n", "COPY nothing /", '"/nothing": not found'),
        ("FROM {registry}/team/none\nCOPY notes /\n", "", "{registry}/team/none:latest: not found"),
        (
            "FRO scratch\n",
            "",
            "dockerfile parse error on line 1: unknown instruction: FRO (did you mean FROM?)",
        ),
    ],
)
async def test_what_can_not_be_built_is_said(
    bench: Bench, dockerfile: str, instruction: str, words: str
) -> None:
    with pytest.raises(BuildFailed) as failed:
        await bench.build(dockerfile.replace("{registry}", bench.registry), ignored)
    assert str(failed.value) == words.replace("{registry}", bench.registry)
    assert failed.value.instruction == instruction


async def test_an_unknown_target_and_an_unknown_platform_are_said(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match=r'^target stage "nowhere" could not be found$'):
        await bench.build(TOOLS, ignored, target="nowhere")
    with pytest.raises(BuildFailed, match='"moon": unknown operating system or architecture'):
        await bench.build(TOOLS, ignored, platforms=("moon",))


async def test_several_platforms_make_one_index(bench: Bench) -> None:
    platforms = ("linux/amd64", "linux/arm64")
    dockerfile = "FROM scratch AS files\nARG TARGETARCH\nCOPY notes /$TARGETARCH\n"
    dockerfile += "FROM scratch\nCOPY --from=files / /srv/\n" + "".join(
        f"COPY notes /{n}\n" for n in range(9)
    )
    request = bench.request(dockerfile, platforms=platforms)
    told: list[BuildEvent] = []
    digest = await builder(bench.daemon).build(request, told.append)
    index = await manifest(f"http://{bench.registry}/v2/team/shop/", digest, login=real_registry.LOGIN)
    assert [
        f"{each['platform']['os']}/{each['platform']['architecture']}" for each in index["manifests"]
    ] == [*platforms]
    copies = {(stage, instruction) for stage, instruction, _ in ends(tuple(told))}
    for platform in platforms:
        # The first of ten: BuildKit sets its number in.
        assert (f"{platform} stage-1", "COPY --from=files / /srv/") in copies
        assert len([stage for stage, _ in copies if stage == f"{platform} stage-1"]) == 10
        assert len([stage for stage, _ in copies if stage == f"{platform} files"]) == 1


async def test_a_login_and_a_secret_are_used_and_nowhere_to_be_read(bench: Bench) -> None:
    sought = [each.encode() for each in (SECRET, PASSWORD, real_registry.LOGIN["Authorization"].split()[1])]
    told: list[BuildEvent] = []
    async with gate() as held:
        uses = f"RUN --mount=type=secret,id=pip md5sum /run/secrets/pip && {held.command}\n"
        building = asyncio.create_task(bench.build(TOOLS + uses, told.append, secrets={"pip": SECRET}))
        await held.reached()
        seen = list(processes())
        held.open()
        built = await building
    assert any(b"\0--secret\0" in each for each in seen), "the client was looked at"
    assert any(hashlib.md5(SECRET.encode()).hexdigest() in str(each) for each in told), "the secret was used"
    kept = chain(contents(bench.folder), contents(bench.daemon.folder))
    assert not [word for each in chain(seen, kept, built.layers) for word in sought if word in each]
    assert not [word for word in sought if word.decode() in f"{told} {built.config}"]


async def test_a_cancel_ends_the_work_of_the_daemon(bench: Bench) -> None:
    async with gate() as held:
        building = asyncio.create_task(bench.build(f"{TOOLS}RUN {held.command}\n", ignored))
        await held.reached()
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
        await held.left()
    assert states(await bench.build(f"{TOOLS}RUN echo on\n", ignored)) <= {"cached", "done"}


async def test_what_takes_too_long_is_ended(bench: Bench) -> None:
    request = bench.request(f"{TOOLS}RUN sleep 98765\n")
    with pytest.raises(BuildFailed, match="longer than") as failed:
        await builder(bench.daemon, seconds=1).build(request, ignored)
    assert failed.value.advice == "Raise builds.timeout"


async def test_what_is_above_the_bound_of_the_cache_is_removed(bench: Bench) -> None:
    dockerfile = TOOLS + "RUN echo bounded\n"
    await bench.build(dockerfile, ignored)
    await builder(bench.daemon).trim(2**40)
    assert states(await bench.build(dockerfile, ignored)) == {"cached"}
    async with asyncio.timeout(LONGEST):  # what has just ended may be in use for another moment
        while states(await bench.build(dockerfile, ignored)) != {"done"}:
            await builder(bench.daemon).trim(10**6)


async def test_a_daemon_elsewhere_and_its_clients_know_each_other_by_their_certificates(bench: Bench) -> None:
    ours = bench.daemon.folder
    client = {"cert_file": ours / "client.crt", "key_file": ours / "client.key"}

    def known_by(ca_file: Path, **more: Path) -> Buildkit:
        return Buildkit(lambda: BuildkitSettings(bench.daemon.far_address, 300, ca_file, **more))

    known = known_by(ours / "ca.crt", **client)
    assert await known.missing() == ""
    await known.build(bench.request("FROM scratch\nCOPY notes /\n"), ignored)
    assert "BuildKit can't be asked" in await known_by(ours / "ca.crt").missing()
    assert "failed to verify certificate" in await known_by(ours / "client.crt", **client).missing()


async def test_what_is_missing_is_named(
    tmp_path: Path, buildkit: BuildkitDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Buildkit(lambda: BuildkitSettings(f"unix://{tmp_path}/nobody", 60))
    assert "BuildKit can't be asked" in await nowhere.missing()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "buildctl is not installed" in await nowhere.missing()
    assert "builds.buildkit" in await Buildkit(lambda: BuildkitSettings("", 60)).missing()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("BuildKit: github.com/moby/buildkit v0.28.0 1a2b", "BuildKit 0.28.0 has known holes: use 0.28.1"),
        ("something else", "does not tell its version"),
    ],
)
async def test_a_daemon_that_is_too_old_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, words: str
) -> None:
    """Its client is played: what it says is all that is asked of it."""
    client = tmp_path / "buildctl"
    client.write_text(f"#!/bin/sh\necho '{said}'\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert words in await Buildkit(lambda: BuildkitSettings("tcp://buildkit.example.org:1234", 60)).missing()


async def test_the_chat_shows_what_it_builds_and_a_cancel_there_ends_it(
    tmp_path: Path, buildkit: BuildkitDaemon
) -> None:
    repository = shop(tmp_path / "git" / "shop")
    config = CHAT.format(address=buildkit.address, git=repository.url)
    async with gate() as held, open_bot_world(tmp_path, config) as world:
        world.lee.says("/build shop main")
        await world.sees("✅ build shop main · ", buttons=["Deploy to staging"])
        long = f"{TOOLS}RUN echo begun && {held.command}\n"
        repository.commit({"Dockerfile": long, "notes": "n"}, "Take long")
        world.lee.says("/build shop main")
        await held.reached()
        await world.sees("\nbegun", buttons=["Log", "Cancel build"])
        world.clock.move(seconds=3)  # past what counts as a double tap
        await world.lee.presses("Cancel build")
        await world.sees("⏹ build shop main cancelled")
        await held.left()


async def test_a_daemon_of_the_tests_ends_with_them_and_all_that_it_runs(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("another")
    starts = [sys.executable, "-c", STARTS, str(folder), *map(str, bench.daemon.programs.values())]
    tests = await asyncio.create_subprocess_exec(*starts, stdout=asyncio.subprocess.PIPE)
    assert tests.stdout is not None
    assert await tests.stdout.readline() == b"up\n"
    async with gate() as held:
        there = replace(bench, daemon=replace(bench.daemon, folder=folder))
        building = asyncio.create_task(there.build(f"{TOOLS}RUN {held.command}\n", ignored))
        await held.reached()
        tests.kill()
        await held.left()
        with pytest.raises(BuildFailed):
            await building
    await tests.wait()
    remove_cgroups(folder)
