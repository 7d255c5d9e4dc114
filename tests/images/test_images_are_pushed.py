"""Pushing an image with our own client: into the embedded registry, into Debian's, and into those that misbehave."""

import hashlib
from pathlib import Path

import pytest
from aiohttp import web

from bot.images.access import Credentials, ServerAccess
from bot.images.errors import RegistryRefused, RegistryUnreachable
from bot.images.pushing import Blob, Document, Image
from bot.images.registry import Registries
from bot.sandbox.registry import BasicAccess, BearerAccess, RegistryServer
from bot.sandbox.registry.access import Access
from bot.sandbox.registry.content import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, image
from tests.images import real_registry
from tests.images.lying import serving, with_password
from tests.images.moving_clock import MovingClock
from tests.images.test_registries_are_read import ids

ACCOUNTS = {"ci": "s3cret"}


def sample(folder: Path) -> Image:
    """An image whose layer is a file."""
    made = image("shop", "v1", "amd64", None, {"made.by": "a test"})
    config, layer = made.blobs
    file = folder / "layer"
    file.write_bytes(layer.body)
    blob = Blob(OCI_LAYER, layer.digest, len(layer.body), file)
    return Image(Document(OCI_MANIFEST, made.manifest.body), Document(OCI_CONFIG, config.body), [blob])


def nobody(_done: int) -> None:
    """Looks on."""


@pytest.mark.parametrize("access", [None, BasicAccess(ACCOUNTS), BearerAccess(ACCOUNTS)], ids=ids)
async def test_what_is_pushed_is_there_and_is_sent_once(tmp_path: Path, access: Access | None) -> None:
    pushed = sample(tmp_path)
    async with RegistryServer(access=access) as server, with_password(server.host) as registries:
        repository = f"{server.host}/team/shop"
        sent: list[int] = []
        digest = await registries.push(repository, "v1", pushed, sent.append)
        assert digest == "sha256:" + hashlib.sha256(pushed.manifest.body).hexdigest()
        assert await registries.digest(repository, "v1") == digest
        assert (await registries.facts(repository, digest)).size == sent[-1] == pushed.size
        (tmp_path / "layer").unlink()  # it could not be sent again
        assert await registries.push(repository, "v2", pushed, nobody) == digest
        assert await registries.tags(repository) == ["v1", "v2"]


async def test_debians_registry_takes_it(tmp_path: Path) -> None:
    async with real_registry.running(tmp_path) as host:
        access = {host: ServerAccess(Credentials("ci", lambda: "s3cret"))}
        async with Registries(access) as registries:
            digest = await registries.push(f"{host}/team/shop", "v1", sample(tmp_path), nobody)
            assert await registries.labels(f"{host}/team/shop", digest) == {"made.by": "a test"}


async def test_who_may_only_read_is_told_so(tmp_path: Path) -> None:
    async with (
        RegistryServer(access=BearerAccess(ACCOUNTS, anonymous=True)) as server,
        Registries() as registries,
    ):
        server.add("shop", "v1")
        with pytest.raises(RegistryRefused, match="does not let us push to shop"):
            await registries.push(f"{server.host}/shop", "v2", sample(tmp_path), nobody)
        assert server.tags("shop") == ["v1"]


async def test_a_registry_that_asks_for_patience_gets_all_of_a_layer_again(tmp_path: Path) -> None:
    bodies: list[bytes] = []
    clock = MovingClock()

    async def busy(request: web.Request) -> web.Response:
        if request.method == "HEAD":
            return web.Response(status=404)
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": "/v2/shop/blobs/uploads/1?state=a%2Fb"})
        body = await request.read()
        if "uploads" in request.path:
            assert request.query["state"] == "a/b"
            bodies.append(body)
        is_first = len(bodies) == 1
        return web.Response(status=429 if is_first else 201, headers={"Retry-After": "3"})

    pushed = sample(tmp_path)
    async with serving(busy) as host, Registries(clock=clock) as registries:
        await registries.push(f"{host}/shop", "v1", pushed, nobody)
    layer = pushed.layers[0].file.read_bytes()
    assert bodies == [layer, layer, pushed.config.body]
    assert clock.slept == [3]


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "//evil.example.org/x", "", "http://["]
)
async def test_layers_go_to_the_registry_alone(tmp_path: Path, location: str) -> None:
    async def lying(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": location} if location else {})
        assert request.method == "HEAD"
        return web.Response(status=404)

    async with serving(lying) as host, with_password(host) as registries:
        with pytest.raises(RegistryRefused, match="wants layers sent to"):
            await registries.push(f"{host}/shop", "v1", sample(tmp_path), nobody)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RegistryRefused), (413, RegistryRefused), (503, RegistryUnreachable), (307, RegistryRefused)],
)
async def test_a_layer_that_is_not_taken_is_an_error(
    tmp_path: Path, status: int, error: type[Exception]
) -> None:
    async def refusing(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": "/v2/shop/blobs/uploads/1"})
        if request.method == "HEAD":
            return web.Response(status=404)
        return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/"})

    async with serving(refusing) as host, Registries() as registries:
        with pytest.raises(error):
            await registries.push(f"{host}/shop", "v1", sample(tmp_path), nobody)
