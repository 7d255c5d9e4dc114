from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.worlds import World, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_bot_world(tmp_path) as world:
        yield world
