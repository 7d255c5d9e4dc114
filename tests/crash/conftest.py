from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash.outside import Outside, open_outside


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    async with open_outside(tmp_path) as outside:
        yield outside
