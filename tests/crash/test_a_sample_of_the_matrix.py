"""Something of `make crash`, chosen by a seed, and what it has found: every promise is kept wherever it goes wrong."""

import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from tests.crash.kinds import KINDS
from tests.crash.matrix import run
from tests.crash.points import ANY, Point, Way
from tests.programs import needed

SEED = 7
MOST = {Way.BEFORE: 12, Way.AFTER: 12, Way.LOST: 2, Way.UNDONE: 24}
"""How often things can go wrong in each way, in the kinds of work that pass few points."""
FOUND = {
    "build": Point("registry PUT manifests", 1, Way.LOST),
    "buildah": Point("builder build", 1, Way.AFTER),
    "draft": Point("store notices.notices._drafted", 1, Way.UNDONE),
    "notice": Point("store notices.notices.publish", 1, Way.AFTER),
    "pod": Point("store commands.ask.record", 1, Way.UNDONE),
}
"""Where a promise was broken once."""


def chosen() -> Iterator[tuple[str, Point]]:
    for kind, way in zip(KINDS, cycle(Way), strict=False):
        count = random.Random(f"{SEED} {kind}").randint(1, MOST[way])
        yield kind, FOUND.get(kind, Point(ANY, count, way))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("kind", "point"), list(chosen()), ids=KINDS)
async def test_it_ends_once_as_it_should_wherever_it_goes_wrong(
    kind: str, point: Point, tmp_path: Path
) -> None:
    if program := KINDS[kind].program:
        needed(program)
    result = await run(kind, point, tmp_path)
    assert not result.broken, str(result)
    assert result.met, "the run did not come past that point"
