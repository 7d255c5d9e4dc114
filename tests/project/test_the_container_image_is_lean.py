"""The Dockerfile, as far as it can be held to its word without an engine that builds it."""

import asyncio
import json
import os
import re
import sys
from fnmatch import fnmatch

from bot.web.server import WebServer
from tests.project.places import ROOT, text

INSTRUCTIONS = re.sub(
    r"\s*\\\n\s*", " ", re.sub(r"^#.*\n", "", text("Dockerfile"), flags=re.MULTILINE)
).splitlines()


def of(name: str) -> list[str]:
    """The arguments of every instruction of that name, in order."""
    return [line.removeprefix(f"{name} ") for line in INSTRUCTIONS if line.startswith(f"{name} ")]


def test_both_stages_stand_on_the_same_pinned_python() -> None:
    bases = {line.partition(" AS ")[0] for line in of("FROM")}
    assert len(of("FROM")) == 2
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11-slim-[a-z]+", bases.pop())


def test_it_runs_as_a_number_that_is_not_root() -> None:
    uid, gid = of("USER")[-1].split(":")
    assert int(uid) > 0
    assert int(gid) > 0


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    allowed = [line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")]
    sources = [each for line in of("COPY") if not line.startswith("--from") for each in line.split()[:-1]]
    assert sources
    assert [each for each in sources if not (ROOT / each).exists()] == []
    assert [
        each for each in sources if not any(fnmatch(each.partition("/")[0], one) for one in allowed)
    ] == []


def test_packages_come_from_the_lock_for_running_by_their_hashes() -> None:
    installs = [part for line in of("RUN") for part in line.split("&&") if "pip install" in part]
    from_a_registry = [part for part in installs if "--no-index" not in part]
    assert all("--require-hashes" in part and "--only-binary=:all:" in part for part in from_a_registry)
    assert not any("sandbox" in part for part in installs)


def test_the_build_backend_stands_in_the_lock_as_the_image_looks_it_up() -> None:
    found = re.search(r"^setuptools==.*?^    #", text("requirements/dev.txt"), re.MULTILINE | re.DOTALL)
    assert found is not None
    assert "--hash=sha256:" in found[0]


async def test_the_health_check_tells_a_bot_that_listens_from_one_that_does_not() -> None:
    command = json.loads(of("HEALTHCHECK")[0].partition("CMD ")[2])
    async with WebServer("127.0.0.1", 0, ready={}) as server:
        url = f"{server.url}/healthz"
        assert await _exit_code(command, url) == 0
    assert await _exit_code(command, url) != 0


async def _exit_code(command: list[str], url: str) -> int:
    assert command[0] == "python"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command[1:],
        env={**os.environ, "PILOTHOUSE_HEALTH": url},
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(300):
        return await process.wait()
