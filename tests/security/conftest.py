import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.worlds import World, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_bot_world(tmp_path) as world:
        yield world


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """All that is written to stdout and stderr; a test may set the logs up as the bot's are."""
    yield capfd
    logging.basicConfig(force=True)
    structlog.reset_defaults()
