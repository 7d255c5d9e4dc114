"""Servers that lie: redirects, realms, sizes and shapes."""

import json

import pytest
from aiohttp import web

from bot.images.errors import RegistryRefused
from bot.images.registry import Registries
from tests.images.lying import DIGEST, serving, with_password


async def test_redirects_in_circles_end() -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path})

    async with serving(redirect) as host, Registries() as registries:
        with pytest.raises(RegistryRefused, match="in circles"):
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


async def test_credentials_go_out_only_when_asked_for() -> None:
    async def listing(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.json_response({"tags": ["v1"]})

    async with serving(listing) as host, with_password(host) as registries:
        assert await registries.tags(f"{host}/shop") == ["v1"]


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
