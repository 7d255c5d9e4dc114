"""What git answers about repositories that others push to."""

import itertools
from contextlib import suppress
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from bot.images.addresses import parse_address
from bot.images.errors import ImagesError, ReferenceInvalid
from bot.images.git_words import failure
from bot.images.source import commits_in, tags_in
from bot.images.versions import is_newer, matching, nearest, order
from tests.fuzz.making import WORDS, fuzzed, near

WHERE = parse_address("https://git.example.org/team/shop.git", allow_file=False)


@fuzzed
@given(near("git"))
def test_any_list_of_tags_is_ordered(output: bytes) -> None:
    tags = tags_in(output)
    assert not any("\n" in tag for tag in tags)
    ordered = order(matching(tags))
    assert set(ordered) == set(matching(tags))
    assert nearest("v1.2", ordered) is None or ordered
    for one, other in itertools.pairwise(ordered):
        assert not is_newer(other, one)


@fuzzed
@given(near("git"))
def test_any_list_of_commits_is_read(output: bytes) -> None:
    assert all(isinstance(each.subject, str) for each in commits_in(output))


@fuzzed
@given(near("words"))
def test_whatever_git_says_becomes_one_clean_line_without_credentials(output: bytes) -> None:
    error = failure(
        WHERE, output.decode(errors="replace") + " https://ci:canary-pass@git.example.org/x", folder="none"
    )
    assert isinstance(error, ImagesError)
    assert str(error).isprintable()
    assert "canary-pass" not in str(error)


@fuzzed
@given(near("addresses").map(lambda text: text.decode(errors="replace")) | st.text(max_size=60) | WORDS)
def test_any_address_is_one_that_only_fetches_or_is_refused(text: str) -> None:
    with suppress(ReferenceInvalid):
        address = parse_address(text, allow_file=False)
        assert address.scheme in ("https", "ssh")
        assert address.url.startswith(("https://", "ssh://"))
        assert not address.host.startswith("-")
        assert "@-" not in urlsplit(address.url).netloc
