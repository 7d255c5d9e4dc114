"""A world whose shop is built from a repository on this machine, into the world's own registry."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builds.repositories import Repository, shop
from tests.programs import needed
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
