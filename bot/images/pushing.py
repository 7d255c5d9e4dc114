"""Pushing an image: its blobs, each in one request unless it is there, then its manifest under a tag.

The write side of the OCI distribution API (spec v1.1). How an image is made is left to the builders.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from bot.images import answers
from bot.images.endpoint import Endpoint
from bot.images.errors import RegistryRefused
from bot.images.references import Repository
from bot.images.transport import Answer, Body

_CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class Document:
    """A part of an image that is small enough for memory; its name in a registry is its digest."""

    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        """Its name."""
        return "sha256:" + hashlib.sha256(self.body).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.body)

    def sending(self, sent: Callable[[int], None]) -> Body:
        """It as a body; `sent` is told of each part that is on its way."""

        async def body() -> AsyncIterator[bytes]:
            yield self.body
            sent(self.size)

        return body


@dataclass(frozen=True, slots=True)
class Blob:
    """A part of an image that is a file."""

    media_type: str
    digest: str
    size: int
    file: Path

    def sending(self, sent: Callable[[int], None]) -> Body:
        """It as a body; `sent` is told how much of it is on its way."""

        async def body() -> AsyncIterator[bytes]:
            done = 0
            with await asyncio.to_thread(self.file.open, "rb") as opened:
                while chunk := await asyncio.to_thread(opened.read, _CHUNK):
                    yield chunk
                    done += len(chunk)
                    sent(done)

        return body


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest, and what it names."""

    manifest: Document
    config: Document
    layers: Sequence[Blob]

    @property
    def size(self) -> int:
        """Bytes of its layers."""
        return sum(layer.size for layer in self.layers)


async def push(
    endpoint: Endpoint, where: Repository, tag: str, image: Image, sent: Callable[[int], None]
) -> str:
    """Push an image under a tag; its digest. `sent` is told how many bytes of its layers are there.

    Raises: RegistryRefused, RepositoryMissing, RegistryUnreachable.
    """
    before = 0
    for layer in image.layers:
        await _push_blob(endpoint, where, layer, _after(before, sent))
        before += layer.size
        sent(before)
    await _push_blob(endpoint, where, image.config, lambda _done: None)
    await _put_manifest(endpoint, where, tag, image.manifest)
    return image.manifest.digest


def _after(before: int, sent: Callable[[int], None]) -> Callable[[int], None]:
    return lambda done: sent(before + done)


async def _push_blob(
    endpoint: Endpoint, where: Repository, blob: Blob | Document, sent: Callable[[int], None]
) -> None:
    there = await endpoint.ask(where, endpoint.url(where, f"blobs/{blob.digest}"), {}, method="HEAD")
    if there.status == 200:
        return
    start = await endpoint.ask(where, endpoint.url(where, "blobs/uploads/"), {}, method="POST")
    target = _upload(endpoint, _judge(start, where, 202)).update_query(digest=blob.digest)
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(blob.size)}
    _judge(await endpoint.send(where, target, headers, method="PUT", body=blob.sending(sent)), where, 201)


async def _put_manifest(endpoint: Endpoint, where: Repository, tag: str, manifest: Document) -> None:
    headers = {"Content-Type": manifest.media_type, "Content-Length": str(manifest.size)}
    url = endpoint.url(where, f"manifests/{tag}")
    body = manifest.sending(lambda _done: None)
    _judge(await endpoint.send(where, url, headers, method="PUT", body=body), where, 201)


def _judge(answer: Answer, where: Repository, good: int) -> Answer:
    return answers.judge(answer, where, good=good, act="push to")


def _upload(endpoint: Endpoint, start: Answer) -> URL:
    """Where a blob is to be sent. Raises: RegistryRefused when that is another server."""
    location = start.headers.get("Location")
    try:
        named = start.url.join(URL(location)) if location else URL()
    except ValueError:
        named = URL()
    if named.host != endpoint.base.host:
        raise RegistryRefused(
            f"The registry {endpoint.base.host} wants layers sent to {named.host or 'nowhere'}."
        )
    # Behind a proxy that ends TLS, registries name their own scheme and port: only path and query count.
    return endpoint.base.with_path(named.raw_path, encoded=True).with_query(named.query)
