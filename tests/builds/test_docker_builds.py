"""Debian's dockerd builds, runs instructions in runc and pushes to Debian's registry with a password."""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiodocker import Docker

from bot.clock import SystemClock
from bot.events import BuildStep, BuildWords, Pushed
from bot.images.access import Credentials, ServerAccess
from bot.images.builders.building import BuildEvent, BuildRequest, RegistryLogin
from bot.images.builders.docker import CACHE, DockerEngine, DockerSettings
from bot.images.errors import BuilderAway, BuildFailed
from bot.images.registry import Registries
from tests.builds import dockerd
from tests.builds.dockerd import Dockerd
from tests.builds.plain import request_for, write
from tests.builds.repositories import BUSYBOX, shop
from tests.images import real_registry
from tests.security.processes import seen_by_others
from tests.worlds import open_bot_world

pytestmark = pytest.mark.long(2)

PASSWORD = "s3cret"
TOOLS = 'FROM scratch AS tools\nCOPY busybox /bin/\nRUN ["/bin/busybox", "--install", "/bin"]\n'
PLAIN = "FROM scratch\nCOPY notes /\n"
FOREVER = "RUN echo begun && sleep 91827.3645\n"
LONGEST = 300.0
"""Seconds that something may take: that is for a machine with more to do."""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Dockerd]:
    with dockerd.running() as found:
        yield found


@dataclass(frozen=True)
class Bench:
    """A source to build, the daemon, and the registry that images go into."""

    folder: Path
    daemon: Dockerd
    registry: str
    told: list[BuildEvent] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the instruction that never ends runs."""

    @property
    def host(self) -> str:
        """Where the daemon listens."""
        return self.daemon.host

    def request(self, dockerfile: str, **more: Any) -> BuildRequest:
        """What asks for a build of this Dockerfile beside a busybox."""
        write(self.folder / "source", {"Dockerfile": dockerfile, "notes": "n\n"})
        shutil.copy(BUSYBOX, self.folder / "source")
        login = RegistryLogin(self.registry, "ci", PASSWORD, plain_http=True)
        wanted = {"image": f"{self.registry}/team/shop:main", "logins": (login,), **more}
        return request_for(self.folder, **wanted)

    async def build(self, dockerfile: str, **more: Any) -> str:
        """Build it; the digest. `told` has what was told of it."""
        self.told.clear()
        return await builder(self.host).build(self.request(dockerfile, **more), self.hear)

    def hear(self, event: BuildEvent) -> None:
        """What a build tells."""
        self.told.append(event)
        if event == BuildWords(("begun",)):
            self.begun.set()

    def ends(self) -> list[tuple[str, str]]:
        """Instructions and how they ended."""
        steps = [each for each in self.told if isinstance(each, BuildStep) and each.state != "running"]
        return [(each.instruction, each.state) for each in steps]

    def said(self) -> list[str]:
        """All lines that were told."""
        return [line for each in self.told if isinstance(each, BuildWords) for line in each.lines]

    async def until_nothing_runs(self) -> None:
        """Wait until the daemon has no container, running or not."""
        async with asyncio.timeout(LONGEST), Docker(self.host) as docker:
            while await docker.containers.list(all=True):
                pass


@pytest.fixture
async def bench(tmp_path: Path, daemon: Dockerd) -> AsyncIterator[Bench]:
    (tmp_path / "registry").mkdir()
    async with real_registry.running(tmp_path / "registry") as registry:
        yield Bench(tmp_path, daemon, registry)


def builder(host: str, seconds: float = LONGEST) -> DockerEngine:
    return DockerEngine(lambda: DockerSettings(host, seconds), SystemClock())


async def tags(host: str) -> set[str]:
    """The names of all images that the daemon has."""
    async with Docker(host) as docker:
        return {name for each in await docker.images.list() for name in each["RepoTags"] or ()}


async def test_a_build_is_told_step_by_step_and_ends_with_its_digest(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dockerfile = TOOLS + (
        "FROM tools AS shop\nARG STAGE=none\nARG TARGETOS\nCOPY notes /srv/\n"
        'RUN echo "compiling the $STAGE for $TARGETOS" && echo carefully >&2 && printf half\n'
        "FROM shop\nRUN echo never\n"
    )
    labels = {"org.opencontainers.image.revision": "4f0c", "title": "a shop, with spaces"}
    assert await builder(bench.host).missing() == ""
    digest = await bench.build(dockerfile, target="shop", args={"STAGE": "shop"}, labels=labels)
    assert [instruction for instruction, _ in bench.ends()] == [
        "FROM scratch AS tools",
        "COPY busybox /bin/",
        'RUN ["/bin/busybox", "--install", "/bin"]',
        "FROM tools AS shop",
        "ARG STAGE=none",
        "ARG TARGETOS",
        "COPY notes /srv/",
        'RUN echo "compiling the $STAGE for $TARGETOS" && echo carefully >&2 && printf half',
    ]
    assert {state for _, state in bench.ends()} == {"done"}
    assert {each.of for each in bench.told if isinstance(each, BuildStep)} == {8}
    assert sorted(bench.said()) == ["carefully", "compiling the shop for linux", "half"]
    image = f"{bench.registry}/team/shop"
    async with Registries({bench.registry: ServerAccess(Credentials("ci", lambda: PASSWORD))}) as registries:
        assert await registries.digest(image, "main") == digest
        assert await registries.labels(image, digest) == labels
    pushed = [each for each in bench.told if isinstance(each, Pushed)]
    assert pushed[0] == Pushed(0, 0)
    assert pushed[-1].done == pushed[-1].of >= BUSYBOX.stat().st_size
    assert not [each for each in (PASSWORD, "X-Registry") if each in caplog.text]


async def test_what_did_not_change_comes_from_the_cache_unless_it_is_built_again(bench: Bench) -> None:
    dockerfile = TOOLS + "RUN echo cached\n"
    first = await bench.build(dockerfile)
    second = await bench.build(dockerfile)
    assert {state for instruction, state in bench.ends() if not instruction.startswith("FROM")} == {"cached"}
    assert second == first
    await bench.build(dockerfile, again=True)
    assert {state for _, state in bench.ends()} == {"done"}
    assert bench.said() == ["cached"]


async def test_instructions_see_no_file_that_is_ignored(bench: Bench) -> None:
    ignored = {
        ".dockerignore": "secrets\n*.log\nDockerfile\n.dockerignore\n",
        "secrets/key": "k",
        "a.log": "a",
    }
    write(bench.folder / "source", {**ignored, "deep/kept": "k"})
    (bench.folder / "source" / "link").symlink_to("notes")
    (bench.folder / "source" / "notes").write_text("n\n")
    (bench.folder / "source" / "notes").chmod(0o640)
    await bench.build(
        TOOLS + "COPY . /app\nRUN cd /app && find . ! -name . | sort && stat -c '%a %u:%g' notes\n"
    )
    assert bench.said() == ["./busybox", "./deep", "./deep/kept", "./link", "./notes", "640 0:0"]


async def test_what_an_instruction_says_decides_nothing(bench: Bench) -> None:
    lies = (
        " ---> Using cache",
        " ---> 0123456789ab",
        "Step 9/9 : RUN x",
        '{"aux":{"ID":"sha256:0123456789ab"}}',
        "}",
    )
    write(bench.folder / "source", {"lies": "".join(f"{lie}\n" for lie in lies)})
    digest = await bench.build(f'{TOOLS}COPY lies /\nRUN while read -r lie; do echo "$lie"; done < /lies\n')
    async with Registries({bench.registry: ServerAccess(Credentials("ci", lambda: PASSWORD))}) as registries:
        assert await registries.digest(f"{bench.registry}/team/shop", "main") == digest


async def test_an_image_of_a_registry_with_a_password_is_built_upon(bench: Bench) -> None:
    base = f"{bench.registry}/team/base:v1"
    await builder(bench.host).build(bench.request(TOOLS, image=base), lambda _: None)
    assert base not in await tags(bench.host), "it has to be fetched again"
    await bench.build(f"FROM {base}\nRUN echo $((6 * 7))\n")
    assert "42" in bench.said()
    with pytest.raises(BuildFailed, match=r"no basic auth credentials|unauthorized"):
        await bench.build(f"FROM {base}\nRUN echo $((6 * 7))\n", logins=(), again=True)


async def test_an_instruction_that_fails_is_named_with_its_last_words(bench: Bench) -> None:
    loop = "for i in 1 2 3; do echo line $i; done; echo no such module: stripe >&2; exit 3"
    with pytest.raises(BuildFailed) as failed:
        await bench.build(f"{TOOLS}RUN {loop}\nRUN echo never\n")
    assert str(failed.value) == "Exit 3"
    assert failed.value.instruction == f"RUN {loop}"
    assert bench.ends()[-1] == (f"RUN {loop}", "failed")
    assert set(bench.said()) == {"line 1", "line 2", "line 3", "no such module: stripe"}
    await bench.until_nothing_runs()


@pytest.mark.parametrize(
    ("dockerfile", "instruction", "words"),
    [
        ("FROM scratch\nCOPY notes /\nRUN echo hi\n", "RUN echo hi", "The image has no such program"),
        ("FROM scratch\nCOPY notes /\nRUN [\"/notes\"]\n", 'RUN ["/notes"]', "permission denied"),
        ("FROM scratch\nCOPY nothing /\n", "COPY nothing /", "file not found in build context"),
        ("FROM {registry}/team/none\nCOPY notes /\n", "FROM {registry}/team/none", "not found"),
        ("FRO scratch\n", "", "dockerfile parse error line 1: unknown instruction: FRO"),
        ("", "", "cannot be empty"),
    ],
)  # fmt: skip
async def test_what_can_not_be_built_is_said(
    bench: Bench, dockerfile: str, instruction: str, words: str
) -> None:
    with pytest.raises(BuildFailed, match=words) as failed:
        await bench.build(dockerfile.replace("{registry}", bench.registry))
    assert failed.value.instruction == instruction.replace("{registry}", bench.registry)


async def test_a_script_without_its_first_line_is_no_program(bench: Bench) -> None:
    write(bench.folder / "source", {"script": "echo hi\n"})
    (bench.folder / "source" / "script").chmod(0o755)
    with pytest.raises(BuildFailed, match="no program for this machine") as failed:
        await bench.build('FROM scratch\nCOPY script /\nRUN ["/script"]\n')
    assert failed.value.instruction == 'RUN ["/script"]'


async def test_an_unknown_target_is_said(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match="build target nowhere"):
        await bench.build(TOOLS, target="nowhere")


async def test_a_registry_that_refuses_says_why(bench: Bench) -> None:
    stranger = RegistryLogin(bench.registry, "ci", "wrong", plain_http=True)
    with pytest.raises(
        BuildFailed, match=r"built but not pushed: .*(unauthorized|authentication|credentials)"
    ):
        await bench.build(PLAIN, logins=(stranger,))
    assert f"{bench.registry}/team/shop:main" not in await tags(bench.host)


async def test_a_cancel_ends_the_instruction_that_runs(bench: Bench) -> None:
    ours = f"91827.{os.getpid()}"  # others may run the same test
    building = asyncio.create_task(bench.build(f"{TOOLS}RUN echo begun && sleep {ours}\n"))
    await asyncio.wait_for(bench.begun.wait(), LONGEST)
    assert ours.encode() in seen_by_others()  # as the shell's argument before it is that of sleep
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    await bench.until_nothing_runs()
    assert ours.encode() not in seen_by_others()


async def test_what_takes_too_long_is_ended(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match="longer than") as failed:
        await builder(bench.host, seconds=3).build(bench.request(TOOLS + FOREVER), lambda _: None)
    assert failed.value.advice == "Raise builds.timeout"
    await bench.until_nothing_runs()


async def test_a_daemon_that_dies_in_the_middle_is_told_of(bench: Bench) -> None:
    with dockerd.running() as mortal:
        dying = Bench(bench.folder, mortal, bench.registry)
        building = asyncio.create_task(dying.build(TOOLS + FOREVER))
        await asyncio.wait_for(dying.begun.wait(), LONGEST)
        mortal.process.kill()
        with pytest.raises(BuilderAway, match="Docker"):
            await building


async def test_the_cache_is_kept_below_its_bound_and_what_is_of_others_stays(bench: Bench) -> None:
    last = "RUN echo bounded"
    dockerfile = f"{TOOLS}RUN touch a\nFROM tools\n{last}\n"
    before = await tags(bench.host)
    await bench.build("FROM scratch\nCOPY notes /elses\n")
    (one,) = await tags(bench.host) - before
    async with Docker(bench.host) as docker:
        await docker.images.tag(one, "somebody/elses", tag="v1")
    await bench.build(dockerfile)
    await builder(bench.host).trim(2**40)
    await bench.build(dockerfile)
    assert bench.ends()[-1] == (last, "cached")
    await builder(bench.host).trim(1)
    left = await tags(bench.host)
    assert "somebody/elses:v1" in left
    assert not [name for name in left if name.startswith(f"{CACHE}:")]
    await bench.build(dockerfile)
    assert bench.ends()[-1] == (last, "done")


async def test_what_builds_left_that_came_to_no_end_is_bounded_too(tmp_path: Path) -> None:
    with dockerd.running() as own:
        bench = Bench(tmp_path, own, "127.0.0.1:1")
        with pytest.raises(BuildFailed):
            await bench.build(f"{TOOLS}FROM tools\nRUN touch a\nRUN exit 3\n")
        building = asyncio.create_task(bench.build(f"{TOOLS}FROM tools\nRUN touch b\n{FOREVER}"))
        await asyncio.wait_for(bench.begun.wait(), LONGEST)
        building.cancel()
        await asyncio.wait((building,))
        await bench.until_nothing_runs()
        async with Docker(own.host) as docker:
            assert await docker.images.list(all=True)
            await builder(own.host).trim(1)
            assert await docker.images.list(all=True) == []


async def test_nothing_is_removed_while_something_is_built(bench: Bench) -> None:
    await bench.build(TOOLS)
    before = await tags(bench.host)
    engine = builder(bench.host)
    building = asyncio.create_task(engine.build(bench.request(TOOLS + FOREVER), bench.hear))
    await asyncio.wait_for(bench.begun.wait(), LONGEST)
    await engine.trim(1)
    assert await tags(bench.host) >= before
    building.cancel()
    await asyncio.wait((building,))
    await bench.until_nothing_runs()


async def test_a_daemon_elsewhere_and_its_clients_know_each_other_by_their_certificates(bench: Bench) -> None:
    ours, host = bench.daemon.folder, bench.daemon.far_host
    known = DockerSettings(host, LONGEST, ours / "ca.crt", ours / "client.crt", ours / "client.key")
    assert await missing(known) == ""
    await DockerEngine(lambda: known, SystemClock()).build(bench.request(PLAIN), bench.hear)
    assert "certificate" in await missing(replace(known, cert_file=None, key_file=None))
    assert "certificate verify failed" in await missing(replace(known, ca_file=ours / "client.crt"))
    assert "HTTPS" in await missing(DockerSettings(host, LONGEST))


async def missing(settings: DockerSettings) -> str:
    return await DockerEngine(lambda: settings, SystemClock()).missing()


async def test_a_branch_is_built_by_the_configured_daemon(tmp_path: Path, daemon: Dockerd) -> None:
    repository = shop(tmp_path / "git" / "shop")
    config = CONFIG.format(git=repository.url, host=daemon.host)
    async with open_bot_world(tmp_path, config) as world:
        world.lee.says("/build shop main")
        await world.sees(r"✅ build shop main · ", buttons=["Log", "Digest"])
    assert [name for name in await tags(daemon.host) if name.startswith(f"{CACHE}:")]


CONFIG = """
builds: {{free: 1MB, docker: {{host: "{host}"}}}}
apps:
  shop:
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
    build: {{}}
"""
