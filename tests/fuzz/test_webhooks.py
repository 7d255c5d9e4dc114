"""Bodies that come to the webhook with the right secret, on their way into the store: none holds up another."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.store.database import Database
from bot.telegram.inbox import Inbox, Incoming
from bot.web.server import SECRET_HEADER, Webhook, WebServer
from tests.fuzz.making import fuzzed, kept, near, nested, paths, replaced
from tests.fuzz.test_updates import KEYS

HEADERS = {SECRET_HEADER: "right"}
UPDATES = [json.loads(each) for each in kept("updates")]
CHANGED = st.sampled_from(UPDATES).flatmap(
    lambda update: st.builds(replaced, st.just(update), st.sampled_from(paths(update)[1:]), nested(KEYS))
)
BODIES = st.one_of(
    near("updates"),
    CHANGED.map(lambda update: json.dumps(update).encode()),
    st.sampled_from(
        [b"1e999", b"[" * 2000, b'{"a":' * 200 + b"1" + b"}" * 200, b"NaN", b'"\\ud800"', b'"\\u0000"']
    ).map(lambda odd: b'{"update_id": 77, "message": ' + odd + b"}"),
    st.binary(max_size=60),
)
ENCODINGS = st.sampled_from(
    [{}, {}, {}, {"Content-Encoding": "gzip"}, {"Content-Type": "text/plain; charset=x"}]
)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async def handle(incoming: Incoming) -> None:
        assert isinstance(incoming.update_id, int)

    async with (
        Database(f"sqlite:///{tmp_path}/bot.db") as database,
        Inbox(database, SystemClock(), handle) as inbox,
    ):
        yield inbox


@pytest.fixture
async def client(inbox: Inbox) -> AsyncIterator[ClientSession]:
    webhook = Webhook("/telegram", "right", inbox.accept)
    async with (
        WebServer("127.0.0.1", 0, ready={}, webhook=webhook) as server,
        ClientSession(server.url) as client,
    ):
        yield client


@pytest.fixture
def numbers() -> Iterator[int]:
    return iter(range(1_000_000, 1 << 62))


@fuzzed
@given(BODIES, ENCODINGS)
async def test_any_body_is_taken_or_refused_and_the_next_is_taken(
    client: ClientSession, inbox: Inbox, numbers: Iterator[int], body: bytes, encoding: dict[str, str]
) -> None:
    with capture_logs() as logs:
        answer = await client.post("/telegram", data=body, headers={**HEADERS, **encoding})
        assert answer.status in (200, 400, 413)
        following: dict[str, Any] = {**UPDATES[0], "update_id": next(numbers)}
        assert (await client.post("/telegram", json=following, headers=HEADERS)).status == 200
        await inbox.idle()
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
