"""git that hangs, is cancelled, finds nobody or is not there: each is told in words, and leaves no process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.images.errors import SourceRefused, SourceUnreachable
from bot.images.source import Sources
from tests.images.git_server import GitServer, locked
from tests.security.processes import seen_by_others


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    async with locked(tmp_path) as server:
        yield server


async def test_a_certificate_of_an_unknown_authority_is_refused(server: GitServer, tmp_path: Path) -> None:
    async with Sources(tmp_path / "cache") as sources:
        with pytest.raises(SourceRefused, match="certificate"):
            await sources.tags(f"{server.url}/shop.git")


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
