"""Nobody but Telegram is listened to, and nobody can fill or hold the server."""

import asyncio
import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.web.server import LARGEST, SECRET_HEADER, Webhook, WebServer

HEADERS = {SECRET_HEADER: "right"}


class Taken(list[dict[str, Any]]):
    async def __call__(self, updates: Sequence[dict[str, Any]]) -> None:
        self.extend(updates)


def server(taken: Taken, **options: Any) -> WebServer:
    return WebServer("127.0.0.1", 0, ready={}, webhook=Webhook("/telegram", "right", taken), **options)


async def test_an_update_is_handed_on() -> None:
    taken = Taken()
    async with server(taken) as web, ClientSession(web.url) as client:
        assert (await client.post("/telegram", json={"update_id": 1}, headers=HEADERS)).status == 200
    assert taken == [{"update_id": 1}]


@pytest.mark.parametrize("secret", ["", "wrong", "rightx", "rïght"])
async def test_a_wrong_secret_is_refused_before_the_body_is_read(secret: str) -> None:
    taken = Taken()
    async with server(taken) as web, ClientSession(web.url) as client:
        answer = await client.post("/telegram", data=b"{not json", headers={SECRET_HEADER: secret})
        assert answer.status == 401
    assert not taken


@pytest.mark.parametrize("secret", ["", "with space", "x" * 257])
def test_a_webhook_without_a_secret_can_not_be_made(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        Webhook("/telegram", secret, Taken())


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b"[" * 100_000, b'{"update_id": "1"}'])
async def test_what_is_no_update_is_a_bad_request(body: bytes) -> None:
    async with server(Taken()) as web, ClientSession(web.url) as client:
        assert (await client.post("/telegram", data=body, headers=HEADERS)).status == 400


async def test_a_bomb_is_refused() -> None:
    bomb = gzip.compress(json.dumps({"update_id": 1, "x": "0" * (200 * LARGEST)}).encode(), 9)
    async with server(Taken()) as web, ClientSession(web.url) as client:
        headers = {**HEADERS, "Content-Encoding": "gzip"}
        assert (await client.post("/telegram", data=bomb, headers=headers)).status == 413


async def test_a_slow_sender_is_cut_off() -> None:
    async with server(Taken(), slowest=0.1) as web:
        host, port = web.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /telegram HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: right\r\nContent-Length: 50\r\n\r\n{{".encode()
        )
        async with asyncio.timeout(300):
            assert b" 408 " in await reader.readline()
        writer.close()


async def test_readiness_names_what_does_not_work() -> None:
    async def down() -> str:
        return "Telegram does not answer"

    async with WebServer("127.0.0.1", 0, ready={"telegram": down}) as web, ClientSession(web.url) as client:
        answer = await client.get("/readyz")
        assert (answer.status, await answer.text()) == (503, "telegram: Telegram does not answer\n")
        assert (await client.get("/healthz")).status == 200
        assert "python_info" in await (await client.get("/metrics")).text()
