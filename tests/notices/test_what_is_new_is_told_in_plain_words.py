import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notices.news import MOST, from_changelog, from_commits, is_news, public_name

CHANGELOG = """# Changelog

All notable changes are kept here.

## [Unreleased]
### Added
- Something secret

## [1.3.0] - 2026-11-20
### Removed
- the old checkout

### Added
- **Faster** checkout, in `beta`
  for everyone ([#12](https://git.example.org/12))
- faster search (#13)

## [1.2.0] - 2026-11-01
### Fixed
- rounding in the cart (3f2a9c1)
### Internal
- New linter

## 1.1.0
* Gift cards

## v1.0.0 - 2026-09-01
- The first one

[1.3.0]: https://git.example.org/compare/1.2.0...1.3.0
"""


def test_a_changelog_tells_all_releases_since_the_version_before() -> None:
    assert from_changelog(CHANGELOG, "v1.1", "v1.3") == [
        "Faster checkout, in beta for everyone",
        "Faster search",
        "Fixed: rounding in the cart",
        "Removed: the old checkout",
    ]


def test_a_changelog_tells_nothing_of_what_is_newer_or_unreleased() -> None:
    assert from_changelog(CHANGELOG, "v1.1.0", "v1.2.0") == ["Fixed: rounding in the cart"]


def test_without_a_version_before_only_this_release_is_told() -> None:
    assert from_changelog(CHANGELOG, None, "1.1.0") == ["Gift cards"]
    assert from_changelog(CHANGELOG, None, "v1.0.0") == ["The first one"]


@pytest.mark.parametrize(
    "text", ["", "nothing of the kind", "## [1.3.0]\n", "### Added\n- x\n", "- x\n", "## \n- x"]
)
def test_a_changelog_without_the_version_tells_nothing(text: str) -> None:
    assert from_changelog(text, "1.2.0", "1.3.0") == []


def test_a_notice_is_no_changelog() -> None:
    text = "## 1.3.0\n" + "".join(f"- Line {number}\n" for number in range(30))
    assert len(from_changelog(text, "1.2.0", "1.3.0")) == MOST


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("feat: faster checkout", "Faster checkout"),
        ("feat(cart)!: faster checkout (#12)", "Faster checkout"),
        ("fix(cart): rounding in the cart", "Fixed: rounding in the cart"),
        ("FIX: rounding", "Fixed: rounding"),
        ("perf: search is twice as fast", "Search is twice as fast"),
        ("Fix cart rounding (!7)", "Fix cart rounding"),
        ("[SHOP-12] gift cards", "Gift cards"),
        ("cart: round properly", "Cart: round properly"),
        ("Show `prices` in **bold**", "Show prices in bold"),
        ("Rename user_name and a_b", "Rename user_name and a_b"),
    ],
)
def test_a_commit_is_told_in_plain_words(subject: str, line: str) -> None:
    assert from_commits([subject]) == [line]


@pytest.mark.parametrize(
    "subject",
    [
        "Merge branch 'main'",
        "Merge pull request #7 from x/y",
        'Revert "feat: x"',
        "chore: bump lodash",
        "chore(deps): bump x",
        "docs: typo",
        "test(cart): more",
        "ci: faster",
        "refactor!: all of it",
        "Bump version to 1.3",
        "Update dependency lodash to v4",
        "1.3.0",
        "v1.3",
        "Release 1.3",
        "fixup! feat: x",
        "wip",
        "(#12)",
        "",
    ],
)
def test_what_only_developers_care_for_is_left_out(subject: str) -> None:
    assert from_commits([subject]) == []


def test_the_same_line_is_told_once() -> None:
    assert from_commits(["fix: x", "fix: x (#2)", "feat: y"]) == ["Fixed: x", "Y"]


@pytest.mark.parametrize(
    ("version", "announced", "news"),
    [
        ("v1.3", [], True),
        ("v1.3", ["v1.1", "v1.2"], True),
        ("v1.2", ["v1.2"], False),
        ("1.2.0", ["v1.2"], False),
        ("v1.1", ["v1.0", "v1.2"], False),
        ("v2.0-rc1", ["v1.2"], False),
        ("v2.0", ["v2.0-rc1"], True),
        ("v1.10", ["v1.9"], True),
        ("main-3f2a9c1", ["main-77aa010"], False),
    ],
)
def test_only_a_version_above_all_announced_ones_is_news(
    version: str, announced: list[str], news: bool
) -> None:
    assert is_news(version, announced) is news


@pytest.mark.parametrize(
    ("version", "name"), [("v1.2", "1.2"), ("1.2", "1.2"), ("V2", "2"), ("vanilla", "vanilla"), ("v", "v")]
)
def test_a_version_is_named_as_people_outside_know_it(version: str, name: str) -> None:
    assert public_name(version) == name


@given(st.text(alphabet="# -*[]()1.23Aadfv\n`_", max_size=80))
def test_whatever_a_changelog_holds_can_be_read(text: str) -> None:
    for line in from_changelog(f"## 1.3.0\n{text}", "1.2.0", "1.3.0") + from_commits([text]):
        assert line
        assert "\n" not in line
