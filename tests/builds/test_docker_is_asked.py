"""What is asked of Docker and what is made of its answers, also of those that the one at hand does not give."""

import asyncio
import base64
import io
import json
import os
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.events import BuildStep, BuildWords, Pushed
from bot.images.builders.building import BuildEvent, RegistryLogin
from bot.images.builders.docker import DockerEngine, DockerSettings
from bot.images.builders.docker_cache import Kept, Layer, beyond
from bot.images.builders.docker_context import archived, files_of
from bot.images.builders.docker_words import DockerWords, PushWords
from bot.images.builders.logins import registry_config
from bot.images.errors import BuilderAway, BuildFailed
from tests.builds.plain import request_for, write

Building = Callable[[web.Request], Awaitable[web.Response]]
VERSION = {"ApiVersion": "1.41", "Os": "linux", "Arch": "amd64"}
LONGEST = 300.0
"""Seconds that something may take: that is for a machine with more to do."""


def test_each_registry_is_told_who_we_are_there() -> None:
    logins = (
        RegistryLogin("registry.example.org:5000", "ci", "s3cret", plain_http=True),
        RegistryLogin("docker.io", identity_token="t0ken"),
        RegistryLogin("mirror.example.org"),
    )
    assert json.loads(base64.urlsafe_b64decode(registry_config(logins))) == {
        "registry.example.org:5000": {
            "serveraddress": "registry.example.org:5000",
            "username": "ci",
            "password": "s3cret",
        },
        "https://index.docker.io/v1/": {
            "serveraddress": "https://index.docker.io/v1/",
            "identitytoken": "t0ken",
        },
        "mirror.example.org": {"serveraddress": "mirror.example.org"},
    }


@asynccontextmanager
async def answering(folder: Path, version: object, building: Building | None = None) -> AsyncIterator[str]:
    """The address of something that tells its version and answers builds in its own way."""

    async def tell(_request: web.Request) -> web.Response:
        return web.json_response(version)

    app = web.Application(client_max_size=2**30)
    app.router.add_get("/{path:(v1.41/)?version}", tell)
    if building is not None:
        app.router.add_post("/v1.41/build", building)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(folder / "socket")).start()
        yield f"unix://{folder}/socket"
    finally:
        await runner.cleanup()


def engine(host: str) -> DockerEngine:
    return DockerEngine(lambda: DockerSettings(host, LONGEST), SystemClock())


async def build(folder: Path, host: str, dockerfile: str = "FROM scratch\nCOPY . /\n") -> str:
    write(folder / "source", {"Dockerfile": dockerfile})
    return await engine(host).build(request_for(folder, "registry.example.org/shop:main"), lambda _: None)


async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert await engine("").missing() == "No Docker is configured (builds.docker)."
    nowhere = f"unix://{tmp_path}/none"
    assert (
        await engine(nowhere).missing() == f"Docker does not answer at {nowhere}: No such file or directory."
    )
    async with answering(tmp_path, VERSION) as host:
        assert await engine(host).missing() == ""


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ({"hello": "world"}, "does not speak as Docker does"),
        ([], "does not speak as Docker does"),
        ({**VERSION, "Os": "windows"}, "Docker makes images for windows, not for Linux"),
    ],
)
async def test_what_can_not_build_is_no_builder(tmp_path: Path, version: object, words: str) -> None:
    async with answering(tmp_path, version) as host:
        assert words in await engine(host).missing()


async def test_a_file_of_tls_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    settings = DockerSettings("tcp://127.0.0.1:1", LONGEST, tmp_path / "ca.pem")
    assert (
        "Docker does not answer at tcp://127.0.0.1:1: "
        in await DockerEngine(lambda: settings, SystemClock()).missing()
    )


@pytest.mark.parametrize(
    ("dockerfile", "words", "instruction"),
    [
        ("RUN --mount=type=secret,id=pip pip install .", "knows no RUN --mount=type=secret", True),
        ("RUN --network=none make", "knows no RUN --network", True),
        ("COPY --link a /", "knows no COPY --link", True),
        ("ADD --checksum=sha256:00 a /", "knows no ADD --checksum", True),
        ("COPY <<EOF /a\nhello\nEOF", "knows no text for COPY that stands in the Dockerfile", True),
        ("RUN <<-'END'\nmake\nEND", "knows no text for RUN that stands in the Dockerfile", True),
    ],
)
async def test_what_its_builder_does_not_know_is_refused_before_anything_begins(
    tmp_path: Path, dockerfile: str, words: str, instruction: bool
) -> None:
    with pytest.raises(BuildFailed, match=words) as failed:
        await build(tmp_path, f"unix://{tmp_path}/none", f"FROM scratch\n{dockerfile}\n")
    assert failed.value.instruction == dockerfile.partition("\n")[0]
    assert "builds.builder" in failed.value.advice


async def test_several_platforms_are_refused_before_anything_begins(tmp_path: Path) -> None:
    write(tmp_path / "source", {"Dockerfile": "FROM scratch\n"})
    request = request_for(tmp_path, "registry.example.org/shop:v1", platforms=("linux/amd64", "linux/arm64"))
    with pytest.raises(BuildFailed, match="one platform at a time"):
        await engine(f"unix://{tmp_path}/none").build(request, lambda _: None)


async def test_what_is_no_platform_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "source", {"Dockerfile": "FROM scratch\n"})
    request = request_for(tmp_path, "registry.example.org/shop:v1", platforms=("moon",))
    async with answering(tmp_path, VERSION) as host:
        with pytest.raises(BuildFailed, match="moon is no platform"):
            await engine(host).build(request, lambda _: None)


async def test_what_its_builder_may_know_is_asked(tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        return web.json_response({"message": "no, thank you"}, status=400)

    dockerfile = (
        "# escape=`\nFROM scratch\n",
        "ARG OTHER TARGETARCH=x\nARG BUILDOS\nFROM scratch\nRUN echo $((1<<2)) --mount=a\nCOPY --chown=1 a /\n",
    )
    async with answering(tmp_path, VERSION, refuse) as host:
        for each in dockerfile:
            with pytest.raises(BuildFailed, match=r"^no, thank you$"):
                await build(tmp_path, host, each)
    assert [json.loads(each["buildargs"]) for each in asked] == [
        {},
        {"TARGETARCH": "amd64", "BUILDOS": "linux"},
    ]


async def test_a_cancel_ends_the_sending_of_files(tmp_path: Path) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def read_on(request: web.Request) -> web.Response:
        try:
            while await request.content.readany():
                begun.set()
        finally:
            over.set()
        return web.Response()

    (tmp_path / "source").mkdir()
    with (tmp_path / "source" / "endless").open("wb") as endless:
        endless.truncate(2**40)
    async with answering(tmp_path, VERSION, read_on) as host, asyncio.timeout(LONGEST):
        building = asyncio.create_task(build(tmp_path, host))
        await begun.wait()
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
        await over.wait()


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (b'{"stream":"Step 1/2 : FROM scratch"}\n', BuildFailed, "without a word"),
        (b'{"stream":"Step 1/2 : FROM scr', BuildFailed, "without a word"),
        (b"<html>\n", BuilderAway, "does not speak as Docker does"),
        (b"5\n", BuilderAway, "does not speak as Docker does"),
        (b"\0" * 2**23, BuilderAway, "does not speak as Docker does"),
    ],
)
async def test_an_answer_that_is_none_ends_the_build(
    tmp_path: Path, answer: bytes, error: type[Exception], words: str
) -> None:
    async def say(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=answer)

    async with answering(tmp_path, VERSION, say) as host:
        with pytest.raises(error, match=words):
            await build(tmp_path, host)


def told_of(*streams: str) -> list[BuildEvent]:
    told: list[BuildEvent] = []
    words = DockerWords(told.append, SystemClock(), labels=1)
    for stream in streams:
        words.read({"stream": stream})
    words.read({"aux": {"ID": "sha256:" + "0" * 64}})
    words.ended()
    return told


def test_what_an_instruction_says_comes_in_pieces_and_is_told_in_lines() -> None:
    told = told_of(
        "Step 1/2 : RUN make", "\n", " ---> Running in 0123456789ab\n", "one\ntw", "o\r\n\n", "three",
        "\x1b[91moh\x1b[0m", "\x1b[91m no\n\x1b[0m", "x" * 70_000,
        " ---> Removed intermediate container 0123456789ab\n",
    )  # fmt: skip
    said = [line for each in told if isinstance(each, BuildWords) for line in each.lines]
    assert said == ["one", "two", "three", "oh no", "x" * 70_000]


def test_labels_that_were_given_are_no_step_and_what_comes_of_the_cache_is_told() -> None:
    told = told_of(
        "Step 1/2 : RUN make", "\n", " ---> Using cache\n", " ---> 0123456789ab\n", "Step 2/2 : LABEL a=b"
    )
    steps = [(each.number, each.of, each.state) for each in told if isinstance(each, BuildStep)]
    assert steps == [(1, 1, "running"), (1, 1, "cached")]


def test_what_is_fetched_is_told_without_its_bars() -> None:
    told: list[BuildEvent] = []
    words = DockerWords(told.append, SystemClock(), labels=0)
    words.read({"status": "Pulling from team/base", "id": "v1"})
    words.read({"status": "Downloading", "progressDetail": {"current": 1, "total": 2}, "id": "ab"})
    words.read({"status": "Status: Downloaded newer image"})
    assert told == [
        BuildWords(("v1: Pulling from team/base",)),
        BuildWords(("Status: Downloaded newer image",)),
    ]


def test_a_push_tells_the_bytes_of_what_the_registry_lacks() -> None:
    told: list[BuildEvent] = []
    words = PushWords(told.append)
    words.read({"status": "Layer already exists", "progressDetail": {}, "id": "a"})
    words.read({"status": "Preparing", "progressDetail": {}, "id": "b"})
    for current in (10, 120):
        words.read({"status": "Pushing", "progressDetail": {"current": current, "total": 100}, "id": "b"})
    words.read({"status": "Pushing", "progressDetail": {"current": 5, "total": 50}, "id": "c"})
    words.read({"status": "Pushed", "progressDetail": {}, "id": "c"})
    words.read({"progressDetail": {}, "aux": {"Tag": "v1", "Digest": "sha256:ab", "Size": 1}})
    assert told == [Pushed(0, 0), Pushed(10, 100), Pushed(100, 100), Pushed(105, 150), Pushed(150, 150)]
    assert words.digest == "sha256:ab"


async def test_the_tar_has_what_is_there_and_hides_an_ignored_dockerfile(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"build/Dockerfile": "FROM scratch\n", "build/Dockerfile.dockerignore": "build\n.docker*\nempty/a\n"},
    )
    write(tmp_path, {".dockerignore": "*\n", "empty/a": "", "ü": "", "b" * 200: "x" * 3_000_000})
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"1")
    os.symlink("/etc/passwd", tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "ü").chmod(0o4711)
    os.utime(tmp_path / "ü", (1_700_000_000, 1_700_000_000))
    pieces = [piece async for piece in archived(files_of(tmp_path, tmp_path / "build" / "Dockerfile"))]
    assert len(pieces) > 2
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        found = {each.name: each for each in tar.getmembers()}
        ignored = tar.extractfile(".dockerignore")
        assert ignored is not None
        assert ignored.read() == b"build/Dockerfile\n.dockerignore\n"
    assert found.keys() == {
        "ü", "b" * 200, os.fsdecode(b"\xff"), "link", "empty", ".dockerignore", "build/Dockerfile"
    }  # fmt: skip
    assert (found["ü"].mode, found["ü"].mtime, found["ü"].uid) == (0o4711, 1_700_000_000, 0)
    assert found["link"].linkname == "/etc/passwd"
    assert found["b" * 200].size == 3_000_000


@pytest.mark.parametrize(
    ("most", "gone"), [(60, []), (59, ["a"]), (45, ["a"]), (25, ["a", "b"]), (0, ["a", "b", "c"])]
)
def test_what_was_not_used_for_longest_goes_first_and_shared_layers_count_once(
    most: int, gone: list[str]
) -> None:
    began = datetime(2026, 11, 30, tzinfo=UTC)
    base: Layer = (1, "ADD base", 20)
    images = [
        Kept(name, began + timedelta(hours=hour), frozenset({base, (hour, name, size)}))
        for name, hour, size in (("c", 3, 5), ("a", 1, 15), ("b", 2, 20))
    ]
    assert list(beyond(images, most)) == gone
