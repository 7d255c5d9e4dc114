"""A clone that fails tells no credentials, and one that works shows them to nobody (security.md, rows 9 and 10)."""

import base64
import logging
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.images.errors import SourceRefused
from bot.images.source import Sources
from tests.images.git_server import CANARY, GitServer, access, locked
from tests.security.processes import seen_by_others


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    async with locked(tmp_path) as server:
        yield server


@pytest.mark.parametrize("password", [None, "wr0ng-pa55"])
async def test_a_refusal_is_told_without_credentials(
    server: GitServer,
    tmp_path: Path,
    password: str | None,
    caplog: pytest.LogCaptureFixture,
    logged: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE"):  # what an operator may have set
        monkeypatch.setenv(name, "1")
    async with Sources(tmp_path / "cache", access(server, password)) as sources:
        for userinfo in ("", "ci:wr0ng-pa55@"):
            with pytest.raises(SourceRefused, match="does not let us in") as caught:
                await sources.resolve(f"{server.url}/shop.git".replace("//", "//" + userinfo), "v1.2")
            assert "wr0ng-pa55" not in str(caught.value)
            assert "@" not in str(caught.value)
            assert "wr0ng-pa55" not in "".join(traceback.format_exception(caught.value))
    written = logged.readouterr()
    said = caplog.text + written.out + written.err
    assert "wr0ng-pa55" not in said
    assert base64.b64encode(b"ci:wr0ng-pa55").decode() not in said


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
