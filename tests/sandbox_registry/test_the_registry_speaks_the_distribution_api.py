"""The embedded registry as any client sees it, without our own client."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.sandbox.registry import BasicAccess, BearerAccess, RegistryServer, add_sample_images

EVERYTHING = {"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"}


@pytest.fixture
async def server() -> AsyncIterator[RegistryServer]:
    async with RegistryServer() as server:
        add_sample_images(server)
        yield server


@pytest.fixture
async def http(server: RegistryServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url, headers=EVERYTHING) as http:
        yield http


async def error(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["errors"][0]["code"]


async def test_it_says_which_api_it_has(http: aiohttp.ClientSession) -> None:
    async with http.get("/v2/") as response:
        assert response.status == 200
        assert response.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


async def test_every_piece_of_an_image_is_there_under_its_digest(http: aiohttp.ClientSession) -> None:
    async with http.get("/v2/shop/manifests/v1.2") as response:
        index = json.loads(await response.read())
    for entry in index["manifests"]:
        async with http.get(f"/v2/shop/manifests/{entry['digest']}") as response:
            body = await response.read()
            assert "sha256:" + hashlib.sha256(body).hexdigest() == entry["digest"]
            assert len(body) == entry["size"]
            assert response.content_type == entry["mediaType"]
        manifest = json.loads(body)
        for blob in (manifest["config"], *manifest["layers"]):
            async with http.get(f"/v2/shop/blobs/{blob['digest']}") as response:
                body = await response.read()
            assert "sha256:" + hashlib.sha256(body).hexdigest() == blob["digest"]
            assert len(body) == blob["size"]


async def test_head_answers_as_get_without_a_body(http: aiohttp.ClientSession) -> None:
    async with http.head("/v2/blog/manifests/v1.0") as head, http.get("/v2/blog/manifests/v1.0") as get:
        for name in ("Docker-Content-Digest", "Content-Type", "Content-Length"):
            assert head.headers[name] == get.headers[name]
        assert await head.read() == b""


async def test_the_same_content_has_the_same_digest_in_every_run(server: RegistryServer) -> None:
    async with RegistryServer() as other:
        digest = other.add("x", "v1", created=datetime(2026, 1, 1, tzinfo=UTC), labels={"a": "b"}, index=True)
    assert digest == server.add(
        "x", "v1", created=datetime(2026, 1, 1, tzinfo=UTC), labels={"a": "b"}, index=True
    )


async def test_tags_come_in_pages_that_are_linked(http: aiohttp.ClientSession) -> None:
    async with http.get("/v2/shop/tags/list", params={"n": "3"}) as response:
        assert await response.json() == {"name": "shop", "tags": ["v1.0", "v1.1", "v1.2"]}
        assert response.headers["Link"] == '</v2/shop/tags/list?last=v1.2&n=3>; rel="next"'
        following = response.links["next"]["url"]
    async with http.get("/v2/shop/tags/list", params={"n": "50", "last": "v2.0-oom"}) as response:
        assert (await response.json())["tags"] == ["v2.0-slow"]
        assert "Link" not in response.headers
    async with http.get(str(following)) as response:
        assert (await response.json())["tags"][0] == "v1.3"


async def test_the_catalogue_lists_the_repositories(http: aiohttp.ClientSession) -> None:
    async with http.get("/v2/_catalog") as response:
        assert await response.json() == {"repositories": ["blog", "shop"]}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/nope/tags/list", 404, "NAME_UNKNOWN"),
        ("/v2/nope/manifests/v1", 404, "NAME_UNKNOWN"),
        ("/v2/shop/manifests/v9", 404, "MANIFEST_UNKNOWN"),
        ("/v2/shop/blobs/sha256:00", 404, "BLOB_UNKNOWN"),
        ("/v2/shop/tags/list?n=x", 400, "PAGINATION_NUMBER_INVALID"),
        ("/v1/", 404, "UNSUPPORTED"),
    ],
)
async def test_errors_are_those_of_the_specification(
    http: aiohttp.ClientSession, path: str, status: int, code: str
) -> None:
    async with http.get(path) as response:
        assert await error(response) == (status, code)


async def test_a_type_that_is_not_accepted_is_not_found(http: aiohttp.ClientSession) -> None:
    headers = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    async with http.get("/v2/shop/manifests/v1.2", headers=headers) as response:
        assert await error(response) == (404, "MANIFEST_UNKNOWN")


async def test_deleting_content_is_refused(http: aiohttp.ClientSession) -> None:
    async with http.delete("/v2/shop/manifests/v1.2") as response:
        assert await error(response) == (405, "UNSUPPORTED")


async def test_it_knows_what_a_node_could_pull(server: RegistryServer) -> None:
    digest = server.add("shop", "v9")
    assert server.has(f"{server.host}/shop:v9")
    assert server.has(f"registry/shop@{digest}")
    assert server.has(f"{server.host}/shop:gone@{digest}")
    assert not server.has(f"{server.host}/shop:v10")
    assert not server.has(f"{server.host}/shop")
    assert not server.has("registry.example.org/shop:v9")
    assert not server.has("shop:v9")
    assert server.tags_of(f"registry/shop@{digest}") == ["v9"]


async def test_a_tag_can_be_taken_away(server: RegistryServer) -> None:
    digest = server.add("shop", "v9")
    server.remove("shop", "v9")
    assert not server.has("registry/shop:v9")
    assert server.has(f"registry/shop@{digest}")


async def test_basic_access_asks_for_a_password() -> None:
    async with RegistryServer(access=BasicAccess({"ci": "s3cret"})) as server:
        async with aiohttp.ClientSession(server.url) as http, http.get("/v2/") as response:
            assert await error(response) == (401, "UNAUTHORIZED")
            assert response.headers["WWW-Authenticate"] == 'Basic realm="sandbox"'
        login = {"Authorization": aiohttp.encode_basic_auth("ci", "s3cret")}
        async with aiohttp.ClientSession(server.url, headers=login) as http, http.get("/v2/") as response:
            assert response.status == 200


async def test_a_token_opens_its_own_repository_alone() -> None:
    async with RegistryServer(access=BearerAccess({}, anonymous=True)) as server:
        add_sample_images(server)
        async with aiohttp.ClientSession(server.url) as http:
            async with http.get("/v2/shop/tags/list") as response:
                assert 'scope="repository:shop:pull"' in response.headers["WWW-Authenticate"]
            async with http.get("/token", params={"scope": "repository:shop:pull"}) as response:
                token = {"Authorization": f"Bearer {(await response.json())['token']}"}
            async with http.get("/v2/shop/tags/list", headers=token) as response:
                assert response.status == 200
            async with http.get("/v2/blog/tags/list", headers=token) as response:
                assert response.status == 401


async def test_trouble_comes_and_goes(server: RegistryServer, http: aiohttp.ClientSession) -> None:
    server.down(60)
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get("/v2/")
    server.down(0)
    server.refuse(429, 60, retry_after=7)
    async with http.get("/v2/") as response:
        assert await error(response) == (429, "TOOMANYREQUESTS")
        assert response.headers["Retry-After"] == "7"
    server.refuse(429, 0)
    async with http.get("/v2/") as response:
        assert response.status == 200
