"""Bodies from git hosts with the right proof: each is a push or refused in words, and none holds up another."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.fuzz.making import fuzzed, nested, paths, replaced
from tests.webhooks.payloads import CALLS
from tests.webhooks.serving import Caller, served

KEYS = st.sampled_from(
    ["ref", "after", "repository", "project", "full_name", "path_with_namespace", "pusher", "name", "login"]
)
HOSTS = st.sampled_from(sorted(CALLS))
PAYLOADS = {host: make().payload for host, make in CALLS.items()}
ODD = st.sampled_from(
    [b"", b"null", b"[]", b"NaN", b"1e999", b"[" * 2000, b'{"ref": "\\ud800"}', b"\xff\xfe"]
)


@st.composite
def bodies(draw: st.DrawFn, host: str) -> bytes:
    """A push with something of it replaced, or what is none."""
    if draw(st.booleans()):
        return draw(st.one_of(ODD, st.binary(max_size=60)))
    payload = PAYLOADS[host]
    path = draw(st.sampled_from(paths(payload)[1:]))
    return json.dumps(replaced(payload, path, draw(nested(KEYS)))).encode()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with served() as caller:
        yield caller


@fuzzed
@given(HOSTS, st.data())
async def test_any_body_is_a_push_or_is_refused_in_words(
    caller: Caller, host: str, data: st.DataObject
) -> None:
    body = data.draw(bodies(host))
    with capture_logs() as logs:
        status, words = await caller.post(replace(CALLS[host](), body=body or b" ").signed(), host)
        assert status in (202, 400)
        assert words
        assert (await caller.post(CALLS[host]()))[0] == 202
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert all(push.by.isprintable() and push.name.isprintable() for push in caller.taken)
    caller.taken.clear()
