"""What the embedded registry does with pushes where the specification leaves it free."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.sandbox.registry import BearerAccess, RegistryServer, add_sample_images
from bot.sandbox.registry.content import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from bot.sandbox.registry.uploads import ABANDONED
from tests.images.moving_clock import MovingClock
from tests.images.real_registry import LOGIN

BODY = b"a blob of some bytes"
DIGEST = "sha256:" + hashlib.sha256(BODY).hexdigest()
UPLOADS = "/v2/team/shop/blobs/uploads/"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
async def server(clock: MovingClock) -> AsyncIterator[RegistryServer]:
    async with RegistryServer(clock=clock, largest_blob=len(BODY)) as server:
        yield server


@pytest.fixture
async def http(server: RegistryServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as http:
        yield http


async def start(http: aiohttp.ClientSession) -> URL:
    async with http.post(UPLOADS) as started:
        return started.url.join(URL(started.headers["Location"], encoded=True))


async def progress(http: aiohttp.ClientSession, where: URL) -> str:
    async with http.get(where) as status:
        return status.headers["Range"]


async def error(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    return answer.status, (await answer.json())["errors"][0]["code"]


async def push(http: aiohttp.ClientSession, body: bytes) -> dict[str, Any]:
    """Push a blob in one request; returns its descriptor, as of a config."""
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    async with http.post(UPLOADS, params={"digest": digest}, data=body) as done:
        assert done.status == 201
    return {"mediaType": OCI_CONFIG, "digest": digest, "size": len(body)}


async def put(http: aiohttp.ClientSession, reference: str, **manifest: Any) -> aiohttp.ClientResponse:
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [], **manifest})
    headers = {"Content-Type": OCI_MANIFEST}
    return await http.put(f"/v2/team/shop/manifests/{reference}", data=body, headers=headers)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_a_blob_comes_in_one_request(http: aiohttp.ClientSession, algorithm: str) -> None:
    digest = f"{algorithm}:{hashlib.new(algorithm, BODY).hexdigest()}"
    async with http.post(UPLOADS, params={"digest": digest}, data=BODY) as done:
        assert (done.status, done.headers["Location"]) == (201, f"/v2/team/shop/blobs/{digest}")
    async with http.get(done.headers["Location"]) as got:
        assert await got.read() == BODY


@pytest.mark.parametrize("told", ["0-3", "5-8", "4-3", "nonsense"])
async def test_a_piece_out_of_order_is_refused_and_the_next_one_named(
    http: aiohttp.ClientSession, told: str
) -> None:
    where = await start(http)
    async with http.patch(where, data=BODY[:4]) as taken:
        assert taken.status == 202
    for call in (http.patch, http.put):
        asked = where.update_query(digest=DIGEST)
        async with call(asked, data=BODY[4:8], headers={"Content-Range": told}) as refused:
            assert await error(refused) == (416, "BLOB_UPLOAD_INVALID")
            assert refused.headers["Range"] == "0-3"
    assert await progress(http, where) == "0-3"


async def test_a_piece_that_is_not_as_long_as_it_says_is_refused(http: aiohttp.ClientSession) -> None:
    where = await start(http)
    async with http.patch(where, data=BODY[:4], headers={"Content-Range": "0-7"}) as refused:
        assert await error(refused) == (400, "SIZE_INVALID")


async def test_a_blob_that_is_too_large_ends_its_upload(
    http: aiohttp.ClientSession, server: RegistryServer
) -> None:
    where = await start(http)
    async with http.patch(where, data=BODY) as taken:
        assert taken.status == 202
    async with http.patch(where, data=b"!") as refused:
        assert await error(refused) == (413, "SIZE_INVALID")
    async with http.get(where) as gone:
        assert await error(gone) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_a_manifest_that_is_too_large_is_refused(http: aiohttp.ClientSession) -> None:
    async with http.put("/v2/team/shop/manifests/v1", data=b" " * (4 * 2**20 + 1)) as refused:
        assert await error(refused) == (413, "SIZE_INVALID")


async def test_an_upload_that_broke_off_goes_on_where_it_ended(
    http: aiohttp.ClientSession, server: RegistryServer, caplog: pytest.LogCaptureFixture
) -> None:
    where = await start(http)
    arrived = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        yield BODY[:5]
        await arrived.wait()
        server.down(60)
        yield BODY[5:9]

    with caplog.at_level(logging.ERROR):
        sending = asyncio.create_task(http.patch(where, data=stream()))
        async with asyncio.timeout(120):
            while await progress(http, where) != "0-4":
                pass
        arrived.set()
        with pytest.raises(aiohttp.ClientConnectionError):
            await sending
    server.down(0)
    assert await progress(http, where) == "0-4"
    async with http.put(where.update_query(digest=DIGEST), data=BODY[5:]) as done:
        assert done.status == 201
    assert caplog.records == []


async def test_two_requests_for_one_upload_take_turns(http: aiohttp.ClientSession) -> None:
    where = (await start(http)).update_query(digest=DIGEST)

    async def finish() -> int:
        async with http.put(where, data=BODY) as done:
            return done.status

    assert sorted(await asyncio.gather(finish(), finish())) == [201, 404]


async def test_an_abandoned_upload_is_forgotten(http: aiohttp.ClientSession, clock: MovingClock) -> None:
    old = await start(http)
    clock.passed += ABANDONED + 1
    new = await start(http)
    async with http.get(old) as gone:
        assert await error(gone) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert await progress(http, new) == "0-0"


async def test_nothing_of_it_stays_on_the_disk() -> None:
    async with RegistryServer() as server, aiohttp.ClientSession(server.url) as http:
        await push(http, BODY)
        await start(http)
        folder: Path = server._storage.folder
        assert len(list(folder.iterdir())) == 2
    assert not folder.exists()


@pytest.mark.parametrize("name", ["Team/shop", "team//shop", "team/-shop", "a" * 256])
async def test_a_repository_has_a_proper_name(http: aiohttp.ClientSession, name: str) -> None:
    async with http.post(f"/v2/{name}/blobs/uploads/") as refused:
        assert await error(refused) == (400, "NAME_INVALID")


@pytest.mark.parametrize(
    ("reference", "code"),
    [("-v1", "MANIFEST_INVALID"), ("v" * 129, "MANIFEST_INVALID"), ("md5:00", "DIGEST_INVALID")],
)
async def test_a_reference_is_a_tag_or_a_digest(
    http: aiohttp.ClientSession, reference: str, code: str
) -> None:
    assert await error(await put(http, reference, config=await push(http, b"{}"))) == (400, code)


async def test_a_part_of_another_size_is_refused(http: aiohttp.ClientSession) -> None:
    config = await push(http, b"{}")
    assert await error(await put(http, "v1", config=config | {"size": 3})) == (400, "SIZE_INVALID")


async def test_a_layer_that_is_distributed_elsewhere_need_not_be_here(http: aiohttp.ClientSession) -> None:
    layer = {
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "digest": DIGEST,
        "size": 1,
    }
    assert (await put(http, "v1", config=await push(http, b"{}"), layers=[layer])).status == 201


async def test_hostile_json_is_no_manifest(http: aiohttp.ClientSession) -> None:
    for body in (
        b"[" * 2**20,
        b'{"schemaVersion": 1' + b"0" * 2**20 + b"}",
        b'{"schemaVersion": 2, "layers": [1]}',
    ):
        headers = {"Content-Type": OCI_MANIFEST}
        async with http.put("/v2/team/shop/manifests/v1", data=body, headers=headers) as refused:
            assert await error(refused) == (400, "MANIFEST_INVALID")


async def test_what_is_attached_to_an_image_is_listed(http: aiohttp.ClientSession) -> None:
    config = await push(http, b"{}")
    subject = {"mediaType": OCI_MANIFEST, "digest": DIGEST, "size": 1}
    for tag, kind in (("sbom", "application/spdx+json"), ("signature", "application/vnd.example.signature")):
        told = {"artifactType": kind, "annotations": {"made.by": tag}}
        answer = await put(http, tag, config=config, subject=subject, **told)
        assert (answer.status, answer.headers["OCI-Subject"]) == (201, DIGEST)
    async with http.get(f"/v2/team/shop/referrers/{DIGEST}") as listed:
        assert listed.content_type == OCI_INDEX
        found = (await listed.json(content_type=None))["manifests"]
        assert [each["annotations"]["made.by"] for each in found] == ["sbom", "signature"]
    asked = {"artifactType": "application/spdx+json"}
    async with http.get(f"/v2/team/shop/referrers/{DIGEST}", params=asked) as listed:
        assert listed.headers["OCI-Filters-Applied"] == "artifactType"
        found = (await listed.json(content_type=None))["manifests"]
        assert [each["artifactType"] for each in found] == ["application/spdx+json"]
    async with http.get(f"/v2/team/shop/referrers/sha256:{'0' * 64}") as none:
        assert (await none.json(content_type=None))["manifests"] == []


async def test_a_node_can_pull_what_was_pushed(http: aiohttp.ClientSession, server: RegistryServer) -> None:
    answer = await put(http, "v1", config=await push(http, b"{}"))
    digest = answer.headers["Docker-Content-Digest"]
    assert server.has("registry/team/shop:v1")
    assert server.tags_of(f"registry/team/shop@{digest}") == ["v1"]


async def test_a_token_for_pulling_does_not_push() -> None:
    access = BearerAccess({"ci": "s3cret"}, anonymous=True)
    async with RegistryServer(access=access) as server, aiohttp.ClientSession(server.url) as http:
        add_sample_images(server)
        scope = ["repository:team/shop:pull,push", "repository:blog:pull"]
        uploads = {"mount": DIGEST, "from": "blog"}
        async with http.post(UPLOADS, params=uploads) as refused:
            assert await error(refused) == (401, "UNAUTHORIZED")
            assert f'scope="{" ".join(scope)}"' in refused.headers["WWW-Authenticate"]
        for login, pushes in (({}, 401), (LOGIN, 202)):
            async with http.get("/token", params=[("scope", each) for each in scope], headers=login) as given:
                token = {"Authorization": f"Bearer {(await given.json())['token']}"}
            async with http.get("/v2/blog/tags/list", headers=token) as read:
                assert read.status == 200
            async with http.post(UPLOADS, params=uploads, headers=token) as pushed:
                assert pushed.status == pushes


async def test_trouble_meets_pushes_too(http: aiohttp.ClientSession, server: RegistryServer) -> None:
    server.refuse(429, 60, retry_after=7)
    async with http.post(UPLOADS) as refused:
        assert await error(refused) == (429, "TOOMANYREQUESTS")
        assert refused.headers["Retry-After"] == "7"
