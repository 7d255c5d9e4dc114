"""A compressed body is refused by what it unpacks to (security.md, row 15)."""

import gzip
import json
import resource
import time
import zlib
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web

from bot.images.errors import RegistryRefused
from bot.images.registry import Registries
from bot.web.server import LARGEST
from tests.images.lying import serving
from tests.security.webhooks import HEADERS, Taken, server
from tests.webhooks.payloads import CALLS
from tests.webhooks.serving import served


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_bomb_is_refused_in_a_second_of_work_and_little_memory(encoding: str) -> None:
    plain = b'{"update_id": 1, "x": "' + b"0" * (300 * LARGEST) + b'"}'
    bomb = gzip.compress(plain, 9) if encoding == "gzip" else zlib.compress(plain, 9)
    assert len(bomb) < LARGEST
    del plain
    taken = Taken()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with server(taken) as web_server, ClientSession(web_server.url) as client:
        began = time.process_time()
        answer = await client.post("/telegram", data=bomb, headers={**HEADERS, "Content-Encoding": encoding})
        assert answer.status == 413
        assert time.process_time() - began < 1
        bombed = await client.post("/telegram", data=bomb, headers={"Content-Encoding": encoding})
        assert bombed.status == 401
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10
    assert taken == []


@pytest.mark.parametrize("host", CALLS)
async def test_a_push_is_not_unpacked_at_all(host: str) -> None:
    async with served() as caller:
        call = CALLS[host]()
        packed = gzip.compress(json.dumps(call.payload).encode())
        assert (await caller.post(replace(call.but(Content_Encoding="gzip"), body=packed).signed()))[0] == 415


async def test_a_compressed_bomb_is_refused() -> None:
    bomb = gzip.compress(b"0" * 200 * 2**20)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with serving(answer) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="more than 8 MiB"):
            await registries.tags(f"{host}/shop")
