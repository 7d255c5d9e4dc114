"""Answers of registries, whatever their shape."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.images.answers import codes, document, judge
from bot.images.errors import ImagesError
from bot.images.references import parse_repository
from bot.images.registry import _facts, _first_image
from bot.images.transport import Answer
from tests.fuzz.making import fuzzed, nested

KEYS = st.sampled_from(
    ["errors", "code", "message", "manifests", "platform", "os", "digest", "config", "Labels", "created"]
)
DATA = nested(KEYS)
BODIES = DATA.map(lambda data: json.dumps(data).encode()) | st.binary(max_size=60)
WHERE = parse_repository("registry.example.org/shop")


def answer(status: int, body: bytes) -> Answer:
    return Answer(status, CIMultiDictProxy(CIMultiDict[str]()), body, URL("https://registry.example.org/v2/"))


@fuzzed
@given(st.sampled_from([200, 401, 403, 404, 429, 500, 302]), BODIES)
def test_any_answer_is_taken_or_refused(status: int, body: bytes) -> None:
    with suppress(ImagesError):
        assert judge(answer(status, body), WHERE).status == 200
    assert all("\n" not in words for words in codes(answer(status, body)).values())


@fuzzed
@given(BODIES)
def test_any_document_tells_its_facts_or_is_refused(body: bytes) -> None:
    with suppress(ImagesError):
        found = document(answer(200, body))
        assert all(isinstance(each, str) for each in _facts(found).labels.values())
        listed = found.get("manifests")
        assert _first_image(listed if isinstance(listed, list) else [], WHERE)
