"""Huge bodies and slow senders cost bounded memory and time, and hold up nobody (security.md, row 14)."""

import asyncio
import resource
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from bot.web.server import SECRET_HEADER
from tests.security.webhooks import HEADERS, SECRET, Taken, server
from tests.webhooks.payloads import github
from tests.webhooks.serving import served


async def test_a_body_without_end_is_cut_off_and_one_that_is_announced_is_not_read() -> None:
    taken = Taken()
    sent = b"0" * 65_536

    async def endless() -> Any:
        for _ in range(10_000):
            yield sent

    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        assert (await client.get("/healthz")).status == 200
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            status = (await client.post("/telegram", data=endless(), headers=HEADERS)).status
        except ClientError:  # cut off while it was still sending
            status = 413
        assert status == 413
        host, port = web_server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /telegram HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 99999999999\r\n\r\n"
        writer.write(head.encode())
        async with asyncio.timeout(300):
            assert b" 413 " in await reader.readline()
        writer.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 << 10
    assert taken == []


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: "wrong"}])
async def test_of_a_body_without_the_secret_nothing_is_read(headers: dict[str, str]) -> None:
    async with server(Taken()) as web_server:
        host, port = web_server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"POST /telegram HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: 9999999\r\n\r\n".encode())
        async with asyncio.timeout(300):  # no byte of the body was sent, nor is one waited for
            assert b" 401 " in await reader.readline()
            await reader.read()  # and the connection ends
        writer.close()


async def test_a_hundred_slow_senders_hold_up_nobody() -> None:
    taken = Taken()
    async with server(taken, slowest=3.0) as web_server, ClientSession(web_server.url) as client:
        host, port = web_server.url.removeprefix("http://").split(":")
        slow = [await asyncio.open_connection(host, int(port)) for _ in range(100)]
        head = (
            f"POST /telegram HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 50\r\n\r\n{{"
        )
        for _, writer in slow:
            writer.write(head.encode())
        refused = [asyncio.create_task(reader.readline()) for reader, _ in slow]
        assert (await client.post("/telegram", json={"update_id": 7}, headers=HEADERS)).status == 200
        assert not any(task.done() for task in refused)
        async with asyncio.timeout(300):
            assert all(b" 408 " in line for line in await asyncio.gather(*refused))
        for _, writer in slow:
            writer.close()
    assert taken == [{"update_id": 7}]


async def test_a_push_without_end_or_from_a_slow_sender_is_cut_off_and_holds_up_nobody() -> None:
    async def endless() -> Any:
        for _ in range(10_000):
            yield b"0" * 65_536

    async with served(slowest=3.0) as caller:
        proof = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            status = (await caller.client.post("/webhooks/github", data=endless(), headers=proof)).status
        except ClientError:  # cut off while it was still sending
            status = 413
        assert status == 413
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 << 10
        host, port = caller.server.url.removeprefix("http://").split(":")
        slow = [await asyncio.open_connection(host, int(port)) for _ in range(20)]
        lines = "".join(f"{name}: {value}\r\n" for name, value in proof.items())
        for _, writer in slow:
            writer.write(
                f"POST /webhooks/github HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: 50\r\n\r\n{{".encode()
            )
        assert (await caller.post(github()))[0] == 202
        async with asyncio.timeout(300):
            assert all([b" 408 " in await reader.readline() for reader, _ in slow])


async def test_of_a_push_that_cannot_be_genuine_nothing_is_read() -> None:
    async with served() as caller:
        host, port = caller.server.url.removeprefix("http://").split(":")
        for name, proof in (("github", "X: y"), ("gitlab", "X-Gitlab-Token: wrong"), ("nowhere", "X: y")):
            reader, writer = await asyncio.open_connection(host, int(port))
            head = f"POST /webhooks/{name} HTTP/1.1\r\nHost: x\r\n{proof}\r\nContent-Length: 999999\r\n\r\n"
            writer.write(head.encode())
            async with asyncio.timeout(300):  # no byte of the body was sent, nor is one waited for
                assert b" 401 " in await reader.readline()
            writer.close()
