"""How many revisions Helm keeps: `history_max`, and the one that a rollback needs however many failed after it."""

from datetime import UTC, datetime

import pytest

from bot.helm.releases import Revision
from bot.operations.pruning import room, surplus
from bot.planning.releases import Past
from bot.store.verdicts import Judgement

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)


def past(numbers: range, *healthy: int, deployed: int | None = None) -> Past:
    """Revisions by number, which of them were healthy, and which Helm calls deployed (the newest)."""
    live = deployed or numbers[-1]
    return Past(
        [
            Revision(number, "deployed" if number == live else "superseded", NOW, "microservice", "1", "")
            for number in numbers
        ],
        {number: Judgement(number, "healthy", NOW) for number in healthy},
    )


@pytest.mark.parametrize(
    ("known", "most", "wanted"),
    [
        (past(range(1, 4), 3), 10, 10),
        (past(range(1, 11), 1), 10, 11),
        (past(range(5, 20), 6), 10, 15),
        (past(range(1, 20)), 10, 10),
        (past(range(1, 20), 1), 0, 0),
    ],
)
def test_helm_is_given_room_for_it(known: Past, most: int, wanted: int) -> None:
    assert room(known, most) == wanted


@pytest.mark.parametrize(
    ("known", "most", "gone"),
    [
        (past(range(1, 4), 3), 10, []),
        (past(range(1, 12), 1), 10, [2]),
        (past(range(1, 12), 11), 10, [1]),
        (past(range(1, 12), 1, 11), 10, [2]),
        (past(range(1, 12), 3, 5), 4, [1, 2, 3, 4, 6, 7, 8]),
        (past(range(1, 8), 1, deployed=2), 2, [3, 4, 5, 6]),
        (past(range(1, 20)), 0, []),
    ],
)
def test_what_is_beyond_goes_but_for_the_healthy_the_deployed_and_the_newest(
    known: Past, most: int, gone: list[int]
) -> None:
    assert list(surplus(known, most)) == gone
