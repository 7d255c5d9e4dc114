"""Building without any builder installed: files and a Dockerfile in, and out what a registry then has."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.clock import SystemClock
from bot.images.builders.building import BuildEvent, BuildRequest, Origin
from bot.images.builders.builtin import Builtin
from bot.images.registry import Registries
from bot.sandbox.registry import RegistryServer


@dataclass(frozen=True)
class Built:
    """What was pushed, read back from the registry."""

    digest: str
    config: Mapping[str, Any]
    layers: tuple[bytes, ...]
    """Unpacked."""
    events: tuple[BuildEvent, ...]

    def members(self) -> dict[str, tarfile.TarInfo]:
        """All entries of all layers."""
        return {
            entry.name: entry
            for layer in self.layers
            for entry in tarfile.open(fileobj=io.BytesIO(layer)).getmembers()
        }

    def text(self, path: str) -> str:
        """A file's, in the last layer."""
        with tarfile.open(fileobj=io.BytesIO(self.layers[-1])) as archive:
            opened = archive.extractfile(path)
            assert opened is not None
            return opened.read().decode()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, and the folders that they are in."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def request_for(folder: Path, image: str, **more: Any) -> BuildRequest:
    """What asks for `folder/source` to be built."""
    room = folder / "room"
    room.mkdir(exist_ok=True)
    source = folder / "source"
    return BuildRequest(
        build="one",
        origin=Origin("https://git.example.org/shop", "4f0c"),
        context=source,
        dockerfile=source / "Dockerfile",
        image=image,
        room=room,
        **more,
    )


def builder(registries: Registries) -> Builtin:
    """The built-in one, alone."""
    return Builtin(lambda: registries, [], lambda: 60.0, SystemClock())


async def build(folder: Path, files: Mapping[str, str], dockerfile: str, **more: Any) -> Built:
    """Build these files, pushed into a registry of the moment."""
    write(folder / "source", {**files, "Dockerfile": dockerfile})
    events: list[BuildEvent] = []
    async with RegistryServer() as server, Registries() as registries:
        request = request_for(folder, f"{server.host}/shop:v1", **more)
        digest = await builder(registries).build(request, events.append)
        return await read_back(f"{server.url}/v2/shop/", digest, events)


async def read_back(
    repository: str,
    digest: str,
    events: Sequence[BuildEvent] = (),
    *,
    login: Mapping[str, str] | None = None,
) -> Built:
    """What a repository (https://registry.example.org/v2/shop/) has by that digest, every part checked by its own."""
    found = await manifest(repository, digest, login=login)
    named = [found["config"], *found["layers"]]
    async with aiohttp.ClientSession(repository, headers=login, raise_for_status=True) as http:
        config, *zipped = [await _read(http, f"blobs/{each['digest']}", each["digest"]) for each in named]
    assert [each["size"] for each in named] == [len(config), *map(len, zipped)]
    layers = tuple(gzip.decompress(each) for each in zipped)
    facts = json.loads(config)
    assert facts["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in layers]
    return Built(digest, facts, layers, tuple(events))


async def manifest(
    repository: str, digest: str, *, login: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """An image's manifest, or the index of several."""
    async with aiohttp.ClientSession(repository, headers=login, raise_for_status=True) as http:
        found: Mapping[str, Any] = json.loads(await _read(http, f"manifests/{digest}", digest))
        return found


async def _read(http: aiohttp.ClientSession, path: str, digest: str) -> bytes:
    kinds = ("manifest", "index")
    accept = {"Accept": ", ".join([f"application/vnd.oci.image.{kind}.v1+json" for kind in kinds] + ["*/*"])}
    async with http.get(path, headers=accept) as answer:
        body = await answer.read()
    assert digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
    return body
