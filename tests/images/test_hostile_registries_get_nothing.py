"""Servers that lie: redirects, realms, sizes and shapes (security.md, rows 15 and 26)."""

import gzip
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import RegistryRefused
from bot.images.registry import Registries

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DIGEST = "sha256:" + "a" * 64


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers everything with `handler`; yields host and port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def with_password(host: str) -> Registries:
    return Registries({host: ServerAccess(Credentials("ci", lambda: "s3cret"))})


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://100.100.100.200/",
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "gopher://example.org/",
    ],
)
async def test_redirects_into_our_own_network_are_not_followed(target: str) -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": target})

    async with serving(redirect) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="not followed"):
            await registries.tags(f"{host}/shop")


async def test_a_name_that_leads_to_this_machine_is_not_followed() -> None:
    name = socket.gethostname()  # a name, not an address; what it leads to is this machine's to say
    addresses = {entry[4][0] for entry in socket.getaddrinfo(name, 1)}
    if not any(ipaddress.ip_address(address).is_loopback for address in addresses):
        name = "ip6-localhost"

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"http://{name}:1/x"})

    async with serving(redirect) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match=f"sent us to {name}.*not followed"):
            await registries.tags(f"{host}/shop")


async def test_redirects_in_circles_end() -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path})

    async with serving(redirect) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="in circles"):
            await registries.tags(f"{host}/shop")


@pytest.mark.parametrize(
    "realm", ["http://auth.example.org/token", "ftp://x/", "", "http://", "http://127.0.0.2/token"]
)
async def test_credentials_are_not_sent_to_a_realm_in_the_clear(realm: str) -> None:
    async def challenge(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.Response(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})

    async with serving(challenge) as host, with_password(host) as registries:
        with pytest.raises(RegistryRefused, match="they were not sent"):
            await registries.tags(f"{host}/shop")


@pytest.mark.parametrize("lifetime", ["1" + "0" * 400, "1e999", "NaN", "-5", "true", '"x"', "null"])
async def test_a_token_of_any_lifetime_is_used(lifetime: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.Response(text=f'{{"token": "pass", "expires_in": {lifetime}}}')
        if request.headers.get("Authorization") == "Bearer pass":
            return web.json_response({"tags": ["v1"]})
        realm = f'Bearer realm="http://{request.host}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    async with serving(answer) as host, Registries() as registries:
        assert await registries.tags(f"{host}/shop") == ["v1"]


async def test_a_realm_on_this_machine_is_not_asked_for_another_host() -> None:
    async def challenge(request: web.Request) -> web.Response:
        return web.Response(
            status=401, headers={"WWW-Authenticate": 'Bearer realm="https://127.0.0.2/token"'}
        )

    async with serving(challenge) as host, with_password(host) as registries:
        with pytest.raises(RegistryRefused, match="not followed"):
            await registries.tags(f"{host}/shop")


async def test_credentials_of_one_registry_are_not_shown_to_another() -> None:
    seen: list[str | None] = []

    async def challenge(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    async with serving(challenge) as host, with_password("127.0.0.1:1") as registries:
        with pytest.raises(RegistryRefused):
            await registries.tags(f"{host}/shop")
    assert seen == [None]


async def test_credentials_go_out_only_when_asked_for() -> None:
    async def listing(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.json_response({"tags": ["v1"]})

    async with serving(listing) as host, with_password(host) as registries:
        assert await registries.tags(f"{host}/shop") == ["v1"]


async def test_a_next_page_elsewhere_is_refused() -> None:
    async def listing(request: web.Request) -> web.Response:
        link = '<http://elsewhere.example.org/v2/shop/tags/list?last=v1>; rel="next"'
        return web.json_response({"tags": ["v1"]}, headers={"Link": link})

    async with serving(listing) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match=r"go on at elsewhere\.example\.org"):
            await registries.tags(f"{host}/shop")


async def test_pages_in_circles_end() -> None:
    async def listing(request: web.Request) -> web.Response:
        link = '</v2/shop/tags/list?last=v1&n=1000>; rel="next"'
        return web.json_response({"tags": ["v1"]}, headers={"Link": link})

    async with serving(listing) as host, Registries() as registries:
        assert await registries.tags(f"{host}/shop") == ["v1"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"tags": ', b"[" * 100_000, b"\xff\xfe", b'{"a":' * 50_000],
    ids=str,
)
async def test_an_answer_of_another_shape_is_refused(body: bytes) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body)

    async with serving(answer) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="does not answer as a registry"):
            await registries.tags(f"{host}/shop")


async def test_only_texts_that_can_be_tags_are_taken() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"tags": ["v1", None, 7, {"x": 1}, "../x", "a\nb", "<b>", "v1", "v2"]})

    async with serving(answer) as host, Registries() as registries:
        assert await registries.tags(f"{host}/shop") == ["v1", "v2"]


@pytest.mark.parametrize("tags", [None, 7, "v1", {"v1": 1}, [], [["v1"]]], ids=str)
async def test_a_list_of_tags_that_is_none_is_empty(tags: object) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"name": "shop", "tags": tags})

    async with serving(answer) as host, Registries() as registries:
        assert await registries.tags(f"{host}/shop") == []


async def test_a_compressed_bomb_is_refused() -> None:
    bomb = gzip.compress(b"0" * 200 * 2**20)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with serving(answer) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="more than 8 MiB"):
            await registries.tags(f"{host}/shop")


async def test_content_that_is_not_what_its_digest_says_is_refused() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=json.dumps({"config": {"digest": DIGEST}}).encode())

    async with serving(answer) as host, Registries() as registries:
        for ask in (registries.created, registries.digest):
            with pytest.raises(RegistryRefused, match="other content"):
                await ask(f"{host}/shop", DIGEST)


async def test_a_registry_without_head_and_digest_header_is_hashed() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"{}", status=405 if request.method == "HEAD" else 200)

    async with serving(answer) as host, Registries() as registries:
        digest = await registries.digest(f"{host}/shop", "v1")
    assert digest == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


async def test_a_registrys_words_are_quoted_on_one_clean_line() -> None:
    async def answer(request: web.Request) -> web.Response:
        message = "no\r\n\x1b[31m\u202e" + "x" * 5000 + " https://ci:s3cret@h/ "
        return web.json_response({"errors": [{"code": "DENIED", "message": message}]}, status=403)

    async with serving(answer) as host, Registries() as registries:
        with pytest.raises(RegistryRefused) as caught:
            await registries.tags(f"{host}/shop")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
