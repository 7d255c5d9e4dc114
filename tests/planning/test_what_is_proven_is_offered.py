"""What runs healthy one environment earlier, and since when, by our own verdicts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.helm.releases import Revision
from bot.planning.proving import Proven, before_in, proven_by
from bot.planning.releases import Past
from bot.store.verdicts import Health, Judgement

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def past(*judged: tuple[str, Health] | None) -> Past:
    """A release's revisions, one an hour; None for one that was never judged."""
    revisions = [
        Revision(number, "deployed", NOON, "shop", "1.0.0", "") for number in range(1, len(judged) + 1)
    ]
    verdicts = {
        number: Judgement(number, each[1], NOON + timedelta(hours=number), version=each[0])
        for number, each in enumerate(judged, start=1)
        if each is not None
    }
    return Past(revisions, verdicts)


@pytest.mark.parametrize(
    ("judged", "hour"),
    [
        ([("v1.1", "healthy"), ("v1.2", "healthy")], 2),
        ([("v1.1", "healthy"), ("v1.2", "healthy"), ("v1.2", "healthy")], 2),
        ([("v1.2", "failed"), ("v1.2", "healthy")], 2),
        ([("v1.2", "healthy"), ("v1.2", "healthy")], 1),
        ([("v1.2", "healthy"), None, ("v1.2", "healthy")], 3),
        ([("v1.2", "healthy"), ("v1.2", "failed"), ("v1.2", "healthy")], 3),
        ([("v1.2", "healthy"), ("v1.1", "failed"), ("v1.2", "healthy"), ("v1.2", "healthy")], 3),
        ([], None),
        ([None], None),
        ([("v1.2", "unknown")], None),
    ],
)
def test_time_counts_from_the_first_healthy_verdict_in_a_row(
    judged: Sequence[tuple[str, Health] | None], hour: int | None
) -> None:
    since = NOON + timedelta(hours=hour) if hour is not None else None
    assert proven_by("staging", "v1.2", past(*judged)) == Proven("staging", "v1.2", since)


def test_what_failed_is_not_proven() -> None:
    found = proven_by("staging", "v1.2", past(("v1.1", "healthy"), ("v1.2", "failed")))
    assert found == Proven("staging", why_not="v1.2 had failed there")


def test_before_is_by_the_order_of_the_configuration() -> None:
    order = ["testing", "staging", "production"]
    assert [before_in(order, each) for each in order] == [None, "testing", "staging"]
