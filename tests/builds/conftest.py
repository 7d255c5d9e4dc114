"""A world whose shop is built from a repository on this machine, into the world's own registry; a BuildKit daemon."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.buildkit.building import PROGRAMS
from tests.buildkit.running import BuildkitDaemon, buildkit_daemon
from tests.builds.repositories import Repository, shop
from tests.go_programs import to_be_had
from tests.programs import lacking, needed
from tests.worlds import World, open_bot_world

CONFIG = """
builds: {{at_once: 1, free: 1MB}}
apps:
  shop:
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
    build: {{secrets: {{pip: "${{SHOP_DB_PASSWORD}}"}}}}
  blog: {{build: null}}
"""


@dataclass(frozen=True)
class Workshop:
    """The world, and the repository that its shop is built from."""

    world: World
    repository: Repository


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    needed("buildah")
    repository = shop(tmp_path / "git" / "shop")
    async with open_bot_world(tmp_path, CONFIG.format(git=repository.url)) as world:
        yield Workshop(world, repository)


@pytest.fixture(scope="session")
def buildkit_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuildkitDaemon]:
    needed("runc")
    if os.geteuid() != 0:
        lacking("needs root: a BuildKit daemon starts containers")
    with (
        to_be_had(),
        buildkit_daemon(PROGRAMS.found(), tmp_path_factory.mktemp("buildkit")) as daemon,
    ):
        yield daemon


@pytest.fixture
def buildkit(buildkit_of_the_session: BuildkitDaemon, monkeypatch: pytest.MonkeyPatch) -> BuildkitDaemon:
    """A daemon that this worker's tests share, cache and all; its client is found as `buildctl`."""
    client = buildkit_of_the_session.programs["buildctl"]
    monkeypatch.setenv("PATH", str(client.parent), prepend=os.pathsep)
    return buildkit_of_the_session
