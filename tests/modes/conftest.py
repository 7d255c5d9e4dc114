from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.world import SandboxWorld
from tests.installed import open_world
from tests.worlds import QUICK


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    """The sample world without a bot."""
    async with open_world(tmp_path, pace=QUICK) as world:
        yield world
