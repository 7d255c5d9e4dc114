"""Some of the points of `make crash`, chosen by a seed: whatever goes wrong there, every promise is kept."""

import random
from pathlib import Path

import pytest

from tests.crash.matrix import passed, run

SEED, SAMPLE = 7, 2


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["deploy", "undone"])
async def test_it_ends_once_as_it_should_wherever_it_goes_wrong(kind: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    result, points = await passed(kind, whole)
    assert not result.broken, str(result)
    assert len(points) > 50
    for number, point in enumerate(random.Random(SEED).sample(points, SAMPLE)):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = await run(kind, point, folder)
        assert not result.broken, str(result)
