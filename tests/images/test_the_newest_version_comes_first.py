import itertools
import re
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.images.versions import TagRule, is_newer, nearest, order
from bot.patterns import compiled


def test_the_sample_shop_offers_its_last_release_before_any_prerelease() -> None:
    tags = ["v1.0", "v1.1", "v1.2", "v1.3", "v2.0-broken", "v2.0-crash", "v2.0-oom", "v2.0-slow"]
    assert order(tags)[:4] == ["v1.3", "v1.2", "v1.1", "v1.0"]
    assert order(tags)[4:] == ["v2.0-slow", "v2.0-oom", "v2.0-crash", "v2.0-broken"]


def test_numbers_count_as_numbers() -> None:
    assert order(["v1.9", "v1.10", "v1.2.11", "v1.2.2"]) == ["v1.10", "v1.9", "v1.2.11", "v1.2.2"]


def test_prereleases_follow_the_rules_of_semantic_versions() -> None:
    ascending = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"]
    ascending += ["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
    assert order(ascending) == ascending[::-1]


@pytest.mark.parametrize(
    "other", ["latest", "main", "20261125", "2026.11.25", "2026-11-25", "1234567", "3f2a9c1", "main-3f2a9c1"]
)
def test_what_is_no_version_never_wins(other: str) -> None:
    assert order([other, "v0.1"]) == ["v0.1", other]
    assert not is_newer(other, "v0.1")


def test_signatures_and_attestations_are_no_versions() -> None:
    attached = ["sha256-" + "a" * 64 + end for end in ("", ".sig", ".att", ".sbom")]
    assert order([*attached, "v9.0.sig", "v1.0"]) == ["v1.0"]


def test_calendar_versions_are_ordered_among_themselves() -> None:
    assert order(["2026.2.1", "2026.10.1", "2025.12.1"]) == ["2026.10.1", "2026.2.1", "2025.12.1"]


def test_a_rule_picks_the_tags_and_the_part_of_them_that_counts() -> None:
    rule = TagRule(re.compile(r"^shop-(?P<version>\d+\.\d+)$"))
    assert order(["shop-1.2", "blog-9.9", "shop-1.10", "shop-1.3-rc"], rule) == ["shop-1.10", "shop-1.2"]
    assert is_newer("shop-1.10", "shop-1.2", rule)


def test_a_rule_by_build_time_asks_nothing_of_names() -> None:
    rule = TagRule(order="created")
    built: dict[str, datetime | None] = {
        "main-aaa": datetime(2026, 1, 1, tzinfo=UTC),
        "main-bbb": datetime(2026, 2, 1, tzinfo=UTC),
        "latest": datetime(2026, 3, 1, tzinfo=UTC),
        "main-ccc": None,
    }
    assert order(built, rule, built) == ["main-bbb", "main-aaa", "main-ccc", "latest"]
    assert is_newer("main-bbb", "main-aaa", rule, built)


def test_two_spellings_of_one_version_are_not_news() -> None:
    assert not is_newer("v1.2", "1.2.0")
    assert not is_newer("1.2.0", "v1.2")


def test_a_release_is_newer_than_the_prereleases_before_it_and_after() -> None:
    assert is_newer("v2.0", "v2.0-rc.1")
    assert is_newer("v1.3", "v2.0-crash")
    assert not is_newer("v2.0-crash", "v1.3")


@pytest.mark.parametrize(
    ("meant", "found"), [("1.2", "v1.2"), ("V1.3", "v1.3"), ("v1.22", "v1.2"), ("banana", None)]
)
def test_a_misspelt_version_gets_the_nearest_one(meant: str, found: str | None) -> None:
    assert nearest(meant, ["v1.3", "v1.2", "v1.1"]) == found


@given(st.lists(st.text("v0123456789.-+abrc_T", max_size=40), max_size=12))
def test_any_tags_can_be_ordered_and_the_order_is_one(tags: list[str]) -> None:
    ordered = order(tags)
    assert order(ordered[::-1]) == ordered
    assert not any(is_newer(later, earlier) for earlier, later in itertools.pairwise(ordered))


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "tag", ["2026" + "1" * 20_000 + "x", "v" + "1." * 20_000, "1" * 20_000, "1-" * 20_000]
)
def test_a_hostile_tag_costs_no_time(tag: str) -> None:
    assert order([tag, "v1.0"])[0] == "v1.0"


@pytest.mark.parametrize("other", ["Latest", "latest-alpine", "v9-latest", "LATEST", "nightly", "Main"])
@pytest.mark.parametrize("by", ["semver", "created"])
def test_what_moves_from_day_to_day_never_wins(other: str, by: Literal["semver", "created"]) -> None:
    built: dict[str, datetime | None] = {
        "v0.1": datetime(2026, 1, 1, tzinfo=UTC),
        other: datetime(2026, 3, 1, tzinfo=UTC),
    }
    assert order(built, TagRule(order=by), built) == ["v0.1", other]


def test_by_build_time_the_names_of_attachments_and_of_prereleases_change_nothing() -> None:
    days = (datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 9))
    signature = "sha256-" + "a" * 64 + ".sig"
    tags = ["v1.0", "v2.0-rc.1", "1.2.0-45-g3f2a9c1", "20261101", "v2.0.att", "v2.0.sbom", signature]
    built: dict[str, datetime | None] = dict(zip(tags, days, strict=False))
    assert order(tags, TagRule(order="created"), built) == tags[3::-1]


@pytest.mark.timeout(5)
def test_a_slow_expression_keeps_nobody_waiting() -> None:
    """Python's own engine would take longer than the universe is old."""
    rule = TagRule(compiled(r"^(a+)+$"))
    tags = ["a" * 127 + str(number % 10) for number in range(2000)]
    assert order(tags, rule) == []
    shop = TagRule(compiled(r"^shop-(?P<version>\d+\.\d+)$"))
    assert order(["shop-1.2", "blog-9.9", "shop-1.10"], shop) == ["shop-1.10", "shop-1.2"]
