"""The distribution API's write side (OCI distribution spec v1.1): blob uploads in their four ways, and manifests.

What an upload is, is `uploads`' business; what a manifest may be, `manifests`'.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

from aiohttp import web

from bot.sandbox.registry import manifests, names
from bot.sandbox.registry.content import Document
from bot.sandbox.registry.errors import Refused
from bot.sandbox.registry.faults import Faults
from bot.sandbox.registry.manifests import ImageManifest, Index
from bot.sandbox.registry.storage import Repository, Storage
from bot.sandbox.registry.uploads import Upload, Uploads

_RANGE: Final = re.compile(r"(?:bytes )?([0-9]{1,18})-([0-9]{1,18})(?:/.*)?")


class Pushing:
    """The routes by which content comes in."""

    def __init__(self, storage: Storage, uploads: Uploads, faults: Faults) -> None:
        self._storage = storage
        self._uploads = uploads
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        upload = "/v2/{name:.+}/blobs/uploads/{upload}"
        return [
            web.post("/v2/{name:.+}/blobs/uploads/", self._start),
            web.get(upload, self._status),
            web.patch(upload, self._append),
            web.put(upload, self._finish),
            web.delete(upload, self._cancel),
            web.put("/v2/{name:.+}/manifests/{reference}", self._manifest),
        ]

    async def _start(self, request: web.Request) -> web.Response:
        name = names.repository(request.match_info["name"])
        asked = request.query
        if self._storage.mount(name, asked.get("mount", ""), asked.get("from", "")):
            return _created(f"/v2/{name}/blobs/{asked['mount']}", asked["mount"])
        if "digest" not in asked:
            return _progress(202, self._uploads.start(name))
        digest = names.digest(asked["digest"])
        upload = self._uploads.start(name)
        async with self._uploads.held(name, upload.name, upload.state):
            return await self._complete(request, upload, digest)

    async def _status(self, request: web.Request) -> web.Response:
        return _progress(204, self._uploads.find(*_named(request)))

    async def _append(self, request: web.Request) -> web.Response:
        async with self._uploads.held(*_named(request)) as upload:
            _check_range(request, upload)
            await self._uploads.append(upload, self._chunks(request))
            return _progress(202, upload)

    async def _finish(self, request: web.Request) -> web.Response:
        async with self._uploads.held(*_named(request)) as upload:
            digest = names.digest(request.query.get("digest", ""))
            _check_range(request, upload)
            return await self._complete(request, upload, digest)

    async def _complete(self, request: web.Request, upload: Upload, digest: str) -> web.Response:
        await self._uploads.append(upload, self._chunks(request))
        await self._uploads.finish(upload, digest)
        return _created(f"/v2/{upload.repository}/blobs/{digest}", digest)

    async def _cancel(self, request: web.Request) -> web.Response:
        async with self._uploads.held(*_named(request)) as upload:
            self._uploads.drop(upload)
        return web.Response(status=204)

    async def _chunks(self, request: web.Request) -> AsyncIterator[bytes]:
        async for chunk in request.content.iter_any():
            self._faults.break_off(request)
            yield chunk

    async def _manifest(self, request: web.Request) -> web.Response:
        name = names.repository(request.match_info["name"])
        reference = request.match_info["reference"]
        is_tag = names.is_tag(reference)
        document = Document(request.content_type, await request.read())
        digest = document.digest if is_tag else reference
        if digest != document.digest_by(digest.partition(":")[0]):
            raise Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        manifest = manifests.read(document)
        _check_parts(manifest, self._storage.repositories.get(name, Repository()))
        repository = self._storage.put(name, digest, document)
        if is_tag:
            repository.tags[reference] = digest
        answer = _created(f"/v2/{name}/manifests/{reference}", digest)
        if manifest.subject is not None:
            repository.attach(manifest.subject.digest, manifests.referrer(document, digest, manifest))
            answer.headers["OCI-Subject"] = manifest.subject.digest
        return answer


def _named(request: web.Request) -> tuple[str, str, str]:
    """Which upload a request is about: repository, name and the state that the Location's query holds."""
    named = request.match_info
    return names.repository(named["name"]), named["upload"], request.query.get("_state", "")


def _check_range(request: web.Request, upload: Upload) -> None:
    """Where a chunk says its place, this must be the next one, and as long as it says. Raises: Refused."""
    told = request.headers.get("Content-Range")
    if told is None:
        return
    found = _RANGE.fullmatch(told)
    if found is None or int(found[1]) != upload.size or int(found[2]) < upload.size:
        words = f"the next byte is number {upload.size}"
        raise Refused(416, "BLOB_UPLOAD_INVALID", words, headers=_place(upload))
    if request.content_length not in {None, int(found[2]) - upload.size + 1}:
        raise Refused(400, "SIZE_INVALID", "Content-Range and Content-Length differ")


def _check_parts(manifest: ImageManifest | Index, repository: Repository) -> None:
    """All that a manifest names must be there, and of the size that it says. Raises: Refused."""
    if missing := tuple(_missing(manifest, repository)):
        raise Refused(400, "MANIFEST_BLOB_UNKNOWN", *missing)


def _missing(manifest: ImageManifest | Index, repository: Repository) -> Iterator[str]:
    for part in manifest.parts:
        size = repository.size(part.digest, of_manifest=isinstance(manifest, Index))
        if size is None:
            yield f"{part.digest} is unknown to registry"
        elif size != part.size:
            raise Refused(400, "SIZE_INVALID", f"{part.digest} has {size} bytes, not {part.size}")


def _place(upload: Upload) -> dict[str, str]:
    """Where an upload goes on, and how far it is; none of it is "0-0" too, as the first registry had it."""
    return {
        "Location": f"/v2/{upload.repository}/blobs/uploads/{upload.name}?_state={upload.state}",
        "Range": f"0-{max(upload.size - 1, 0)}",
        "Docker-Upload-UUID": upload.name,
    }


def _progress(status: int, upload: Upload) -> web.Response:
    return web.Response(status=status, headers=_place(upload))


def _created(location: str, digest: str) -> web.Response:
    return web.Response(status=201, headers={"Location": location, "Docker-Content-Digest": digest})
