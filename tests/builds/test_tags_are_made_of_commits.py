"""Which tag an image gets: by the app's rule, of what a registry allows; a version keeps its name."""

import pytest

from bot.images.errors import ReferenceInvalid
from bot.images.tagging import tag_of

SHA = "3f2a9c1b" + "0" * 32
RULE = "{{ branch }}-{{ sha[:8] }}"


@pytest.mark.parametrize(
    ("ref", "tag"),
    [
        ("main", "main-3f2a9c1b"),
        ("feature/cart#12", "feature-cart-12-3f2a9c1b"),
        ("../up", "up-3f2a9c1b"),
        ("ünïcode", "n-code-3f2a9c1b"),
        (SHA, "commit-3f2a9c1b"),
        (SHA[:7], "commit-3f2a9c1b"),
    ],
)
def test_what_no_registry_takes_is_replaced(ref: str, tag: str) -> None:
    assert tag_of(RULE, ref, SHA, is_version=False) == tag


def test_a_tag_of_git_keeps_its_name() -> None:
    assert tag_of(RULE, "v1.2.0+build.5", SHA, is_version=True) == "v1.2.0-build.5"


def test_a_tag_is_never_too_long() -> None:
    assert len(tag_of(RULE, "b" * 200, SHA, is_version=False)) == 128


@pytest.mark.parametrize("rule", ["{{ nothing }}", "{{ branch", "{{ sha + 1 }}", "{{ '' }}", "{{ '.' }}"])
def test_a_rule_that_makes_no_tag_is_named(rule: str) -> None:
    with pytest.raises(ReferenceInvalid, match=r"build\.tag"):
        tag_of(rule, "main", SHA, is_version=False)
