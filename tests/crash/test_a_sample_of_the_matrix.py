"""Something of `make crash`, chosen by a seed: whatever goes wrong there, every promise is kept."""

import random
from itertools import cycle
from pathlib import Path

import pytest

from tests.crash.kinds import KINDS
from tests.crash.matrix import run
from tests.crash.points import ANY, Point, Way

SEED = 7
MOST = {Way.BEFORE: 18, Way.AFTER: 18, Way.LOST: 3, Way.UNDONE: 36}
"""How often things can go wrong in each way, in the kinds of work that pass few points."""


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("kind", "way"), zip(KINDS, cycle(Way), strict=False))
async def test_it_ends_once_as_it_should_wherever_it_goes_wrong(kind: str, way: Way, tmp_path: Path) -> None:
    chosen = random.Random(f"{SEED} {kind}").randint(1, MOST[way])
    result = await run(kind, Point(ANY, chosen, way), tmp_path)
    assert not result.broken, str(result)
