"""What must not happen when git runs for us (security.md, rows 9, 10, 24, 25 and 26)."""

import asyncio
import base64
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import ReferenceInvalid, RefMissing, SourceRefused, SourceUnreachable
from bot.images.source import Sources
from bot.sandbox.repositories import create_sample_repositories
from tests.images.git_server import GitServer, serving

CANARY = "c4nary-pa55"


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Path]:
    return create_sample_repositories(tmp_path / "repositories")


@pytest.fixture
async def server(tmp_path: Path, repositories: dict[str, Path]) -> AsyncIterator[GitServer]:
    async with serving(GitServer(tmp_path / "repositories", account=("ci", CANARY)), tmp_path) as server:
        yield server


def access(server: GitServer, password: str | None = CANARY) -> dict[str, ServerAccess]:
    credentials = None if password is None else Credentials("ci", lambda: password)
    return {"127.0.0.1": ServerAccess(credentials, ca_file=server.ca_file)}


def seen_by_others() -> bytes:
    """The arguments and environments of all processes."""
    seen = bytearray()
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                seen += (process / name).read_bytes()
            except OSError:  # it ended meanwhile, or is not ours to read
                continue
    return bytes(seen)


async def test_a_password_is_used_but_seen_nowhere(server: GitServer, tmp_path: Path) -> None:
    seen = bytearray()

    def look() -> None:
        seen.extend(seen_by_others())

    server.on_request = look
    cache = tmp_path / "cache"
    async with Sources(cache, access(server)) as sources:
        assert "v1.2" in await sources.tags(f"{server.url}/shop.git")
        assert len(await sources.resolve(f"{server.url}/shop.git", "v1.2")) == 40
    async with Sources(cache, access(server, None)) as sources:
        address = f"{server.url}/blog.git".replace("https://", f"https://ci:{CANARY}@")
        assert await sources.tags(address) == ["v0.8", "v0.9", "v1.0"]
    assert b"git-remote-https" in seen or b"remote-https" in seen
    kept = b"".join(file.read_bytes() for file in cache.rglob("*") if file.is_file())
    for form in (CANARY.encode(), base64.b64encode(f"ci:{CANARY}".encode())):
        assert form not in seen
        assert form not in kept


@pytest.mark.parametrize("password", [None, "wr0ng-pa55"])
async def test_a_refusal_is_told_without_credentials(
    server: GitServer, tmp_path: Path, password: str | None
) -> None:
    async with Sources(tmp_path / "cache", access(server, password)) as sources:
        for userinfo in ("", "ci:wr0ng-pa55@"):
            with pytest.raises(SourceRefused, match="does not let us in") as caught:
                await sources.resolve(f"{server.url}/shop.git".replace("//", "//" + userinfo), "v1.2")
            assert "wr0ng-pa55" not in str(caught.value)
            assert "@" not in str(caught.value)


async def test_credentials_are_bound_to_their_host(server: GitServer, tmp_path: Path) -> None:
    elsewhere = {"git.example.org": access(server)["127.0.0.1"]}
    elsewhere["127.0.0.1"] = ServerAccess(ca_file=server.ca_file)
    async with Sources(tmp_path / "cache", elsewhere) as sources:
        with pytest.raises(SourceRefused, match="does not let us in"):
            await sources.tags(f"{server.url}/shop.git")


async def test_a_certificate_of_an_unknown_authority_is_refused(server: GitServer, tmp_path: Path) -> None:
    async with Sources(tmp_path / "cache") as sources:
        with pytest.raises(SourceRefused, match="certificate"):
            await sources.tags(f"{server.url}/shop.git")


@pytest.mark.parametrize("target", ["http://169.254.169.254", "https://127.0.0.1:1", "file://"])
async def test_redirects_are_not_followed(server: GitServer, tmp_path: Path, target: str) -> None:
    server.redirect_to = target
    async with Sources(tmp_path / "cache", access(server)) as sources:
        with pytest.raises(SourceRefused, match="redirects elsewhere"):
            await sources.tags(f"{server.url}/shop.git")


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch /tmp/x'",
        "ext::sh",
        "fd::17",
        "--upload-pack=touch",
        "-oProxyCommand=x",
        "http://git.example.org/x.git",
        "git://git.example.org/x.git",
        "ssh://-oProxyCommand=touch/x",
        "ssh://git@-oProxyCommand=x/y",
        "git@-oProxyCommand=x:y",
        "-oProxyCommand=x@host:y",
        "https://-x/y",
        "https://host",
        "https:///x",
        "https://host:port/x",
        "https://[::1/x",
        "https://ho st/x",
        "https://host/x\n",
        'https://host"/x',
        "/etc/passwd",
        "../x",
        "file://host.example.org/x",
        "file:x",
        "",
        "ssh://git:password@host/x",
        "transport::https://host/x",
    ],
)
async def test_addresses_that_could_do_more_than_fetch_are_refused(tmp_path: Path, url: str) -> None:
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        with pytest.raises(ReferenceInvalid, match="cannot be used as a git source"):
            await sources.tags(url)


async def test_folders_are_no_source_unless_allowed(tmp_path: Path, repositories: dict[str, Path]) -> None:
    async with Sources(tmp_path / "cache") as sources:
        with pytest.raises(ReferenceInvalid, match="folders of this machine"):
            await sources.tags(f"file://{repositories['shop']}")


@pytest.mark.parametrize(
    "ref",
    [
        "-x",
        "--upload-pack=touch x",
        "@{-1}",
        "v1.2^{}",
        "v1.2..v1.3",
        "v1.2~1",
        "v1.2:CHANGELOG.md",
        ":/Sell",
        "@",
        "refs/../x",
        "../../etc",
        "a b",
        ".",
        "",
        "x" * 5000,
        "v1.2\n",
        "\u202ev1.2",
        "<b>",
    ],
)
async def test_a_hostile_ref_is_missing_and_never_an_option(
    tmp_path: Path, repositories: dict[str, Path], monkeypatch: pytest.MonkeyPatch, ref: str
) -> None:
    arguments = recording_git(tmp_path, monkeypatch)
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        with pytest.raises(RefMissing):
            await sources.resolve(f"file://{repositories['shop']}", ref)
    recorded = arguments.read_bytes().split(b"\0") if arguments.exists() else []
    assert not any(word.startswith((b"-x", b"--upload-pack")) for word in recorded)


def recording_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program before git that writes down the arguments, each ended by a NUL, and runs git."""
    record = folder / "arguments"
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable} -IS\nimport os, sys\n"
        f"open({str(record)!r}, 'ab').write(b'\\0'.join(map(os.fsencode, sys.argv[1:])) + b'\\0')\n"
        f"os.execv({shutil.which('git')!r}, ['git', *sys.argv[1:]])\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return record


async def test_hooks_do_not_run(tmp_path: Path, repositories: dict[str, Path]) -> None:
    url = f"file://{repositories['blog']}"
    async with Sources(tmp_path / "cache", allow_file=True) as sources:
        await sources.resolve(url, "v1.0")
        [mirror] = (tmp_path / "cache").glob("*.git")
        hook = mirror / "hooks" / "reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
        hook.chmod(0o755)
        with pytest.raises(RefMissing):
            await sources.resolve(url, "v9.0")  # fetches again
    assert not (tmp_path / "hooked").exists()


@asynccontextmanager
async def silent() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that takes connections and never says a word; yields its address and "someone connected"."""
    connected = asyncio.Event()
    writers = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        connected.set()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", connected
    finally:
        server.close()
        for writer in writers:
            writer.close()


async def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    async with silent() as (url, _), Sources(tmp_path / "cache", seconds=0.5) as sources:
        with pytest.raises(SourceUnreachable, match="did not answer within"):
            await sources.tags(f"{url}/x.git")
        assert url.encode() not in seen_by_others()


async def test_a_cancelled_run_leaves_no_process(tmp_path: Path) -> None:
    async with silent() as (url, connected), Sources(tmp_path / "cache") as sources:
        running = asyncio.create_task(sources.resolve(f"{url}/x.git", "v1"))
        await connected.wait()
        assert url.encode() in seen_by_others()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert url.encode() not in seen_by_others()


async def test_nobody_at_the_address_is_unreachable(tmp_path: Path) -> None:
    async with Sources(tmp_path / "cache") as sources:
        with pytest.raises(SourceUnreachable, match="cannot be reached"):
            await sources.tags("https://127.0.0.1:1/x.git")


async def test_a_machine_without_git_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Sources(tmp_path / "cache") as sources:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SourceRefused, match="apt install git"):
            await sources.tags("https://git.example.org/x.git")
