"""`/lock shop staging migration for 2h`: how long, as people end a sentence."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.commands.spans import cut_span
from bot.planning.errors import PlanRefused

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
DUBLIN = ZoneInfo("Europe/Dublin")


@pytest.mark.parametrize(
    ("text", "rest", "lasts"),
    [
        ("database migration for 2h", "database migration", timedelta(hours=2)),
        ("database migration, for 90 minutes.", "database migration", timedelta(minutes=90)),
        ("migration For 1 day", "migration", timedelta(days=1)),
        ("for 2h", "", timedelta(hours=2)),
        ("migration until 16:00", "migration", timedelta(hours=1, minutes=57)),
        ("migration until 9:30", "migration", timedelta(hours=19, minutes=27)),
        ("waiting for the auditors", "waiting for the auditors", None),
        ("for 2h we test", "for 2h we test", None),
        ("migration until tomorrow", "migration until tomorrow", None),
    ],
)
def test_the_end_of_a_sentence_says_how_long(text: str, rest: str, lasts: timedelta | None) -> None:
    assert cut_span(text, NOW, DUBLIN) == (rest, NOW + lasts if lasts else None)


@pytest.mark.parametrize("text", ["migration for 0m", "migration for 31d", "x for 999999d", "x until 25:00"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(PlanRefused):
        cut_span(text, NOW, DUBLIN)
