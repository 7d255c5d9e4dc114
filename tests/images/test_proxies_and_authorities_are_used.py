"""Proxy and CA file, for registries and for git."""

import asyncio
import base64
from pathlib import Path

import pytest
from aiohttp import web

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import RegistryRefused, RegistryUnreachable, SourceUnreachable
from bot.images.registry import Registries
from bot.images.source import Sources
from bot.sandbox.registry import RegistryServer
from tests.images.git_server import GitServer, certified, serving
from tests.images.proxies import http_proxy, listening, socks_proxy

LISTING = b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{"tags": ["v1"]}'
ASKS_FOR_PASSWORD = (
    b'HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm="x"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
CLOSED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def test_a_registry_is_asked_through_an_http_proxy() -> None:
    asked: list[bytes] = []
    async with http_proxy(asked, LISTING) as proxy:
        access = {"http://registry.invalid": ServerAccess(proxy=f"http://{proxy}")}
        async with Registries(access) as registries:
            assert await registries.tags("registry.invalid/shop") == ["v1"]
    assert asked[0].startswith(b"GET http://registry.invalid/v2/shop/tags/list?n=1000 HTTP/1.1\r\n")


async def test_a_registry_is_asked_through_a_socks_proxy_that_resolves_its_name() -> None:
    asked: list[bytes] = []
    async with RegistryServer() as server, socks_proxy(asked, server.host) as proxy:
        server.add("shop", "v1")
        access = {"http://registry.invalid": ServerAccess(proxy=f"socks5://{proxy}")}
        async with Registries(access) as registries:
            assert await registries.tags("registry.invalid/shop") == ["v1"]
    assert asked == [b"registry.invalid"]


async def test_a_proxy_that_refuses_is_told_without_its_password() -> None:
    asked: list[bytes] = []
    async with http_proxy(asked, CLOSED) as proxy:
        access = {"registry.invalid": ServerAccess(proxy=f"http://dana:s3cret@{proxy}")}
        async with Registries(access) as registries:
            with pytest.raises(RegistryUnreachable, match="the proxy does not let us through") as caught:
                await registries.tags("registry.invalid/shop")
    assert asked[0].startswith(b"CONNECT registry.invalid:443 ")
    assert "s3cret" not in repr(caught.value)


async def test_a_registry_of_an_own_authority_is_trusted_by_its_ca_file(tmp_path: Path) -> None:
    async def listing(request: web.Request) -> web.Response:
        return web.json_response({"tags": ["v1"]})

    app = web.Application()
    app.router.add_get("/v2/shop/tags/list", listing)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certified(tmp_path)).start()
        host = f"127.0.0.1:{runner.addresses[0][1]}"
        trusting = ServerAccess(ca_file=tmp_path / "certificate.pem")
        async with Registries({f"https://{host}": trusting}) as registries:
            assert await registries.tags(f"{host}/shop") == ["v1"]
        async with Registries({f"https://{host}": ServerAccess()}) as registries:
            with pytest.raises(RegistryUnreachable, match="certificate is not trusted"):
                await registries.tags(f"{host}/shop")
    finally:
        await runner.cleanup()


async def test_a_ca_file_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "missing.pem"):
        async with Registries({"r.invalid": ServerAccess(ca_file=tmp_path / name)}) as registries:
            with pytest.raises(RegistryRefused, match=f"{name} cannot be read as a bundle of certificates"):
                await registries.tags("r.invalid/shop")


async def test_git_goes_through_its_proxy_whose_password_it_knows(tmp_path: Path) -> None:
    asked: list[bytes] = []
    async with http_proxy(asked, ASKS_FOR_PASSWORD) as proxy:
        access = {"git.invalid": ServerAccess(proxy=f"http://dana:s3cret@{proxy}")}
        async with Sources(tmp_path / "cache", access) as sources:
            with pytest.raises(SourceUnreachable, match="cannot be reached") as caught:
                await sources.tags("https://git.invalid/shop.git")
    assert asked[0].startswith(b"CONNECT git.invalid:443 ")
    assert base64.b64encode(b"dana:s3cret") in asked[-1]
    assert "s3cret" not in str(caught.value)


async def test_git_trusts_its_ca_file(tmp_path: Path) -> None:
    async with serving(GitServer(tmp_path), tmp_path) as server:
        access = {"127.0.0.1": ServerAccess(ca_file=server.ca_file)}
        async with Sources(tmp_path / "cache", access) as sources:
            with pytest.raises(Exception, match="not found"):
                await sources.tags(f"{server.url}/nothing.git")


async def test_a_redirect_to_other_storage_is_followed_without_the_credentials() -> None:
    """As real registries do: the blob store is elsewhere. Through a proxy, names may lead anywhere."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        if b"GET http://storage.invalid/" in head:
            writer.write(LISTING)
        elif b"Authorization: Basic" in head:
            writer.write(b"HTTP/1.1 307 There\r\nLocation: http://ci:x@storage.invalid/tags\r\n")
            writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            writer.write(b'HTTP/1.1 401 Who?\r\nWWW-Authenticate: Basic realm="x"\r\n')
            writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async with listening(talk) as proxy:
        access = ServerAccess(Credentials("ci", lambda: "s3cret"), proxy=f"http://{proxy}")
        async with Registries({"http://registry.invalid": access}) as registries:
            assert await registries.tags("registry.invalid/shop") == ["v1"]
    assert [b"Authorization" in head for head in heads] == [False, True, False]
