"""The embedded registry and Debian's docker-registry, asked the same by HTTP: what both must answer alike."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bot.sandbox.registry import BasicAccess, RegistryServer
from bot.sandbox.registry.content import OCI_INDEX, OCI_MANIFEST, Document, image
from tests.images import real_registry

SHOP = image("shop", "v1", "amd64", None, {})
BODY = b"a blob of some bytes"
DIGEST = "sha256:" + hashlib.sha256(BODY).hexdigest()
OTHER = "sha256:" + hashlib.sha256(b"another one").hexdigest()


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[str]:
    async with RegistryServer(access=BasicAccess({"ci": "s3cret"})) as server:
        yield server.host


@pytest.fixture(params=[embedded, real_registry.running], ids=["embedded", "docker-registry"])
async def host(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with request.param(tmp_path) as host:
        yield host


@pytest.fixture
async def http(host: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://{host}", headers=real_registry.LOGIN) as http:
        yield http


async def start(http: aiohttp.ClientSession, name: str = "team/shop") -> URL:
    async with http.post(f"/v2/{name}/blobs/uploads/") as started:
        assert started.status == 202
        assert started.headers["Range"] == "0-0"
        return place(started)


def place(answer: aiohttp.ClientResponse) -> URL:
    return answer.url.join(URL(answer.headers["Location"], encoded=True))


async def errors(answer: aiohttp.ClientResponse) -> tuple[int, set[str]]:
    return answer.status, {error["code"] for error in (await answer.json(content_type=None))["errors"]}


async def push(http: aiohttp.ClientSession, name: str, *blobs: bytes) -> None:
    for blob in blobs:
        where = (await start(http, name)).update_query(digest="sha256:" + hashlib.sha256(blob).hexdigest())
        async with http.put(where, data=blob) as done:
            assert done.status == 201


async def put(
    http: aiohttp.ClientSession, reference: str, manifest: Document
) -> tuple[int, set[str], str | None]:
    """The status, codes and digest that the answer to pushing a manifest has."""
    where = f"/v2/team/shop/manifests/{reference}"
    async with http.put(where, data=manifest.body, headers={"Content-Type": manifest.media_type}) as done:
        codes = set() if done.ok else (await errors(done))[1]
        return done.status, codes, done.headers.get("Docker-Content-Digest")


async def test_an_image_and_an_index_are_pushed_and_read_back(host: str, http: aiohttp.ClientSession) -> None:
    built = datetime(2026, 10, 19, tzinfo=UTC)
    for index in (False, True):
        digest = await real_registry.push(host, "team/shop", "v1", built, index=index)
        accept = {"Accept": f"{OCI_INDEX}, {OCI_MANIFEST}"}
        for reference in ("v1", digest):
            async with http.get(f"/v2/team/shop/manifests/{reference}", headers=accept) as got:
                assert got.status == 200
                assert got.headers["Docker-Content-Digest"] == digest
                assert got.content_type == (OCI_INDEX if index else OCI_MANIFEST)
                assert "sha256:" + hashlib.sha256(await got.read()).hexdigest() == digest
    async with http.get("/v2/team/shop/tags/list") as got:
        assert await got.json() == {"name": "team/shop", "tags": ["v1"]}


async def test_a_blob_comes_in_pieces_and_its_progress_is_told(http: aiohttp.ClientSession) -> None:
    where = await start(http)
    at = 0
    for piece in (BODY[:5], BODY[5:9]):
        told = {"Content-Range": f"{at}-{at + len(piece) - 1}"}
        async with http.patch(where, data=piece, headers=told) as taken:
            assert taken.status == 202
            at += len(piece)
            assert taken.headers["Range"] == f"0-{at - 1}"
            where = place(taken)
        async with http.get(where) as status:
            assert (status.status, status.headers["Range"]) == (204, f"0-{at - 1}")
            where = place(status)
    async with http.put(where.update_query(digest=DIGEST), data=BODY[9:]) as done:
        assert done.status == 201
        assert done.headers["Docker-Content-Digest"] == DIGEST
        blob = place(done)
    async with http.head(blob) as head, http.get(blob) as got:
        assert head.headers["Content-Length"] == str(len(BODY))
        assert head.headers["Docker-Content-Digest"] == got.headers["Docker-Content-Digest"] == DIGEST
        assert await got.read() == BODY
    async with http.get(blob, headers={"Range": "bytes=2-5"}) as part:
        assert (part.status, await part.read()) == (206, BODY[2:6])


async def test_a_stream_of_unknown_length_is_taken(http: aiohttp.ClientSession) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for at in range(0, len(BODY), 3):
            yield BODY[at : at + 3]

    async with http.patch(await start(http), data=stream()) as taken:
        assert (taken.status, taken.headers["Range"]) == (202, f"0-{len(BODY) - 1}")
    async with http.put(place(taken).update_query(digest=DIGEST)) as done:
        assert done.status == 201


async def test_another_digest_than_the_contents_ends_an_upload(http: aiohttp.ClientSession) -> None:
    where = await start(http)
    async with http.put(where.update_query(digest=OTHER), data=BODY) as refused:
        assert await errors(refused) == (400, {"DIGEST_INVALID"})
    async with http.get(where) as gone:
        assert gone.status == 404
    async with http.head(f"/v2/team/shop/blobs/{OTHER}") as absent:
        assert absent.status == 404


async def test_no_digest_is_refused(http: aiohttp.ClientSession) -> None:
    where = await start(http)
    async with http.put(where, data=BODY) as refused:
        assert await errors(refused) == (400, {"DIGEST_INVALID"})


async def test_a_cancelled_upload_is_gone(http: aiohttp.ClientSession) -> None:
    where = await start(http)
    async with http.delete(where) as cancelled:
        assert cancelled.status == 204
    for call in (http.get, http.delete, http.patch):
        async with call(where) as gone:
            assert await errors(gone) == (404, {"BLOB_UPLOAD_UNKNOWN"})


async def test_the_query_of_a_location_is_part_of_it(http: aiohttp.ClientSession) -> None:
    where = await start(http)
    async with http.put(where.with_query(digest=DIGEST), data=BODY) as refused:
        assert await errors(refused) == (404, {"BLOB_UPLOAD_INVALID"})


async def test_a_blob_of_another_repository_is_mounted(http: aiohttp.ClientSession) -> None:
    await push(http, "base", BODY)
    async with http.post("/v2/team/shop/blobs/uploads/", params={"mount": DIGEST, "from": "base"}) as mounted:
        assert mounted.status == 201
        assert mounted.headers["Docker-Content-Digest"] == DIGEST
    async with http.get(place(mounted)) as got:
        assert await got.read() == BODY
    for mount, source in ((OTHER, "base"), (DIGEST, "nowhere"), ("nonsense", "base")):
        asked = {"mount": mount, "from": source}
        async with http.post("/v2/team/blog/blobs/uploads/", params=asked) as started:
            assert started.status == 202
    async with http.head(f"/v2/team/blog/blobs/{DIGEST}") as absent:
        assert absent.status == 404


async def test_a_manifest_whose_parts_are_missing_is_refused(http: aiohttp.ClientSession) -> None:
    assert await put(http, "v1", SHOP.manifest) == (400, {"MANIFEST_BLOB_UNKNOWN"}, None)
    await push(http, "team/shop", *(blob.body for blob in SHOP.blobs))
    descriptors = [SHOP.manifest.descriptor()]
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}).encode()
    index = Document(OCI_INDEX, body)
    assert await put(http, "v1", index) == (400, {"MANIFEST_BLOB_UNKNOWN"}, None)
    assert await put(http, SHOP.manifest.digest, SHOP.manifest) == (201, set(), SHOP.manifest.digest)
    assert await put(http, "v1", index) == (201, set(), index.digest)


async def test_a_manifest_must_have_the_digest_that_it_is_pushed_under(http: aiohttp.ClientSession) -> None:
    await push(http, "team/shop", *(blob.body for blob in SHOP.blobs))
    assert await put(http, OTHER, SHOP.manifest) == (400, {"DIGEST_INVALID"}, None)


async def test_what_is_no_manifest_is_refused(http: aiohttp.ClientSession) -> None:
    typed = {"schemaVersion": 2, "mediaType": OCI_INDEX, "config": {}, "layers": []}
    for body in (b"", b"no JSON", json.dumps(typed).encode()):
        assert (await put(http, "v1", Document(OCI_MANIFEST, body)))[:2] == (400, {"MANIFEST_INVALID"})


async def test_who_has_no_password_pushes_nothing(host: str) -> None:
    async with aiohttp.ClientSession(f"http://{host}") as stranger:
        for call in (stranger.post("/v2/shop/blobs/uploads/"), stranger.put("/v2/shop/manifests/v1")):
            async with call as refused:
                assert await errors(refused) == (401, {"UNAUTHORIZED"})
                assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
