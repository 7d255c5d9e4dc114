"""The HTTP front: paths, tokens, ways to pass parameters, faults and floods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from telegram import Bot
from telegram.error import RetryAfter

from bot.sandbox.telegram import Limits, TelegramServer, World
from bot.sandbox.telegram.parameters import json_fields
from tests.sandbox_telegram.conftest import DANA, NEWS, OLD, TEAM, TOKEN, ManualClock, Raw, asked, populate


@pytest.fixture
async def strict(clock: ManualClock) -> AsyncIterator[TelegramServer]:
    """A server with Telegram's published rates."""
    async with TelegramServer(TOKEN, clock=clock) as opened:
        populate(opened.world)
        yield opened


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        (f"bot{TOKEN}/nothingLikeIt", 404, "Not Found: method not found"),
        (f"bot{TOKEN}", 404, "Not Found"),
        ("elsewhere", 404, "Not Found"),
        ("bot4242:wrong/getMe", 401, "Unauthorized"),
        ("bot0:x/getMe", 401, "Unauthorized: invalid token specified"),
        ("botabc:x/getMe", 421, "Misdirected Request: unallowed token specified"),
        (f"file/bot{TOKEN}/documents/none", 404, "Not Found"),
    ],
)
async def test_wrong_addresses(server: TelegramServer, path: str, status: int, description: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/{path}") as answer:
        assert answer.status == status
        assert await answer.json() == {"ok": False, "error_code": status, "description": description}


async def test_parameters_come_from_everywhere_and_the_query_wins(
    server: TelegramServer, world: World
) -> None:
    url = f"{server.url}/bot{TOKEN}/SENDmessage"
    async with aiohttp.ClientSession() as session:
        for body in (
            {"data": {"text": "form", "chat_id": str(DANA)}},
            {"json": {"text": "json", "chat_id": DANA}},
        ):
            async with session.post(url, **body) as answer:
                assert answer.status == 200
        async with session.post(f"{url}?text=query&chat_id={DANA}", data={"text": "form"}) as answer:
            assert answer.status == 200
        async with session.post(f"{server.url}/bot{TOKEN}/?method=getMe") as answer:
            assert (await answer.json())["result"]["id"] == 4242
        async with session.put(url) as answer:
            assert answer.status == 501
    assert [each.text for each in world.messages(DANA)] == ["form", "json", "query"]


async def test_a_get_may_have_a_body_as_one_client_library_does(server: TelegramServer, world: World) -> None:
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    form = aiohttp.FormData()
    form.add_field("chat_id", str(DANA))
    form.add_field("text", "from a form", content_type="text/plain")
    async with aiohttp.ClientSession() as session:
        for body in (aiohttp.FormData({"chat_id": str(DANA), "text": "encoded"}), form):
            async with session.get(url, data=body) as answer:
                assert answer.status == 200
    assert [each.text for each in world.messages(DANA)] == ["encoded", "from a form"]


@pytest.mark.parametrize("method", ["sendPoll", "sendSticker", "answerInlineQuery", "getUserProfilePhotos"])
async def test_a_method_that_is_not_covered_is_one_that_does_not_exist(raw: Raw, method: str) -> None:
    assert await raw.error(method, chat_id=DANA) == "Not Found: method not found"


async def test_a_parameter_of_any_name_is_taken_but_there_is_no_business(raw: Raw) -> None:
    assert (await raw("sendMessage", chat_id=DANA, text="x", brand_new_parameter=1))["ok"]
    error = await raw.error("sendMessage", chat_id=DANA, text="x", business_connection_id="b1")
    assert error == "Bad Request: business connection not found"


def test_of_malformed_json_what_was_read_counts() -> None:
    body = '{"chat_id": 12, "markup": {"a": [1, "x"]}, "flag": true, "none": null, "text": "x", oops'
    assert json_fields(body) == {
        "chat_id": "12",
        "markup": '{"a": [1, "x"]}',
        "flag": "true",
        "none": "null",
        "text": "x",
    }


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b'{"chat_id": 11, "text": "\\ud800"}', "Bad Request: strings must be encoded in UTF-8"),
        (b'{"chat_id": 11, "text": "\xff"}', "Bad Request: strings must be encoded in UTF-8"),
        (b'{"chat_id": ' + b"9" * 5000 + b', "text": "x"}', "Bad Request: message text is empty"),
        (b'{"chat_id": "' + b"9" * 5000 + b'", "text": "x"}', "Bad Request: chat not found"),
        (
            b'{"chat_id": 11, "text": "x", "reply_markup": "' + b"[" * 9000 + b'"}',
            "Bad Request: can't parse reply keyboard markup JSON object",
        ),
        (
            b'{"chat_id": 11, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "\\udc00"}]]}}',
            "Bad Request: can't parse reply keyboard markup JSON object",
        ),
    ],
)
async def test_hostile_bodies_are_refused_in_words(
    server: TelegramServer, body: bytes, description: str
) -> None:
    url, headers = f"{server.url}/bot{TOKEN}/sendMessage", {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert (await answer.json())["description"] == description


async def test_a_file_too_large_is_refused(clock: ManualClock) -> None:
    limits = Limits(upload_bytes=1000)
    async with (
        TelegramServer(TOKEN, clock=clock, limits=limits) as server,
        aiohttp.ClientSession() as session,
    ):
        form = aiohttp.FormData()
        form.add_field("document", b"x" * 2_000_000, filename="big.txt")
        async with session.post(f"{server.url}/bot{TOKEN}/sendDocument", data=form) as answer:
            assert (answer.status, (await answer.json())["description"]) == (413, "Request Entity Too Large")


async def attempt(server: TelegramServer, method: str, **parameters: object) -> int:
    """Call a method; the seconds it was told to wait (0 for none)."""
    url = f"{server.url}/bot{TOKEN}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=parameters) as answer:
        seconds = int((await answer.json()).get("parameters", {}).get("retry_after", 0))
        assert int(answer.headers.get("Retry-After", 0)) == seconds
        return seconds


async def sends(server: TelegramServer, chat_id: int, times: int) -> list[int]:
    """Send that often; the seconds each was told to wait."""
    return [await attempt(server, "sendMessage", chat_id=chat_id, text="x") for _ in range(times)]


async def test_one_chat_takes_a_burst_and_then_one_a_second(
    strict: TelegramServer, clock: ManualClock
) -> None:
    assert await sends(strict, DANA, 6) == [0, 0, 0, 0, 0, 1]
    await clock.sleep(1)
    assert await sends(strict, DANA, 1) == [0]


async def test_what_is_refused_for_other_reasons_costs_nothing(strict: TelegramServer) -> None:
    for _ in range(20):
        assert await attempt(strict, "sendMessage", chat_id=DANA, text="<b", parse_mode="HTML") == 0
    assert await sends(strict, DANA, 5) == [0] * 5


async def test_who_ignores_retry_after_waits_longer(strict: TelegramServer, clock: ManualClock) -> None:
    assert await sends(strict, DANA, 8) == [0, 0, 0, 0, 0, 1, 2, 3]
    await clock.sleep(3)
    assert await sends(strict, DANA, 1) == [0]


async def test_a_group_takes_twenty_a_minute_edits_included(
    strict: TelegramServer, clock: ManualClock
) -> None:
    assert await attempt(strict, "sendMessage", chat_id=TEAM, text="0") == 0
    number = strict.world.messages(TEAM)[-1].id
    waits = []
    for text in range(1, 40):
        await clock.sleep(1)
        edit = {"chat_id": TEAM, "message_id": number, "text": str(text)}
        waits.append(await attempt(strict, "editMessageText", **edit))
    # 20 at once and one more every three seconds: the 30th comes too early.
    assert waits[:28] == [0] * 28
    assert 1 <= next(wait for wait in waits if wait) <= 3


async def test_all_chats_share_a_budget(clock: ManualClock) -> None:
    async with TelegramServer(TOKEN, clock=clock, limits=Limits(total_per_second=4)) as server:
        populate(server.world)
        waits = [(await sends(server, chat, 2)) for chat in (DANA, OLD, NEWS)]
    assert waits == [[0, 0], [0, 0], [1, 2]]


async def test_refusals_on_demand(bot: Bot, raw: Raw, world: World, clock: ManualClock) -> None:
    world.refuse(429, retry_after=5, seconds=20, methods=["sendMessage"])
    with pytest.raises(RetryAfter):
        await bot.send_message(DANA, "x")
    assert await raw("sendMessage", chat_id=DANA, text="x") == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 5",
        "parameters": {"retry_after": 5},
    }
    await bot.get_me()
    await clock.sleep(21)
    await bot.send_message(DANA, "x")


async def test_an_outage_drops_polls_and_new_requests(server: TelegramServer, clock: ManualClock) -> None:
    async with TelegramServer(TOKEN) as live, aiohttp.ClientSession() as session:
        url = f"{live.url}/bot{TOKEN}/getUpdates"
        poll = asyncio.create_task(session.post(url, json={"timeout": 30}).__aenter__())
        await asked(live)
        live.world.down(30)
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(poll, 300)
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"{live.url}/bot{TOKEN}/getMe")
    server.world.down(10)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"{server.url}/bot{TOKEN}/getMe")
        await clock.sleep(11)
        async with session.get(f"{server.url}/bot{TOKEN}/getMe") as answer:
            assert answer.status == 200
