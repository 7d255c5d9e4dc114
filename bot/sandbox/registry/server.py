"""The distribution API's read side over HTTP (OCI distribution spec v1.1): tags, manifests, blobs, catalogue.

Errors carry the specification's JSON and codes, also where a real registry is strict: a manifest whose type
the client does not accept is not found, and a page size that is no number is refused. How content comes in is left
to `pushing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.sandbox.registry import names
from bot.sandbox.registry.access import Access, BearerAccess
from bot.sandbox.registry.content import OCI_INDEX, Document, index_of
from bot.sandbox.registry.errors import Refused
from bot.sandbox.registry.faults import Faults, Refusal
from bot.sandbox.registry.pushing import Pushing
from bot.sandbox.registry.storage import Storage
from bot.sandbox.registry.uploads import Uploads

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = 100
"""Entries a page has when the client asks for no number: small, so that clients must follow links."""
LARGEST_MANIFEST = 4 * 2**20
"""Bytes; what the specification wants registries to take at least."""
LARGEST_BLOB = 2**32
"""Bytes; a layer of 4 GiB is one by mistake."""


class RegistryServer:
    """An image registry that listens while its context is open.

    `port` 0 takes a free one. `aliases` are other host names under which `has` knows this registry. No blob that is
    pushed may be larger than `largest_blob` bytes.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        access: Access | None = None,
        aliases: Collection[str] = ("registry",),
        page: int = PAGE,
        largest_blob: int = LARGEST_BLOB,
        clock: Clock | None = None,
    ) -> None:
        self._address = (host, port)
        self._access = access
        self._aliases = frozenset(aliases)
        self._page = page
        self._clock = clock or SystemClock()
        self._faults = Faults(self._clock)
        self._storage = Storage()
        self._uploads = Uploads(self._storage, self._clock, largest_blob)
        self._runner: web.AppRunner | None = None
        self._port = port

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self._address)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._uploads.close()
        await asyncio.to_thread(self._storage.close)

    @property
    def host(self) -> str:
        """Host and port, as an image reference begins with them."""
        return f"{self._address[0]}:{self._port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def add(
        self,
        repository: str,
        tag: str,
        *,
        created: datetime | None = None,
        labels: Mapping[str, str] | None = None,
        index: bool = False,
    ) -> str:
        """Put an image under a tag (with `index`, one for two architectures); return the tag's digest."""
        return self._storage.add(repository, tag, created, labels or {}, index=index)

    def tag(self, repository: str, tag: str, other: str) -> None:
        """Let another tag name what `tag` names. Raises: KeyError."""
        self._storage.tag(repository, tag, other)

    def remove(self, repository: str, tag: str) -> None:
        """Take a tag away. Raises: KeyError."""
        self._storage.remove(repository, tag)

    def tags(self, repository: str) -> list[str]:
        """All tags of a repository in lexical order, none for an unknown one."""
        return self._storage.tags(repository)

    def has(self, image_reference: str) -> bool:
        """Whether a node could pull `host/name:tag`, `host/name@digest` or `host/name:tag@digest` from here.

        As for container runtimes, a digest has the last word and no tag means `latest`.
        """
        return self._storage.holds(*self._split(image_reference))

    def tags_of(self, image_reference: str) -> list[str]:
        """The tags that name the very content which `image_reference` names, in lexical order."""
        return self._storage.tags_of(*self._split(image_reference))

    def _split(self, image_reference: str) -> tuple[str, str]:
        """Name (empty for another registry's) and the digest or tag of an image reference."""
        host, _, rest = image_reference.partition("/")
        name, _, digest = rest.partition("@")
        name, _, tag = name.partition(":")
        is_ours = host == self.host or host in self._aliases
        return name if is_ours else "", digest or tag or "latest"

    def down(self, seconds: float) -> None:
        """Break every connection for so long."""
        self._faults.down(seconds)

    def refuse(self, status: int, seconds: float, *, retry_after: int | None = None) -> None:
        """Answer every request with `status` for so long."""
        self._faults.refuse(Refusal(status, retry_after), seconds)

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=LARGEST_MANIFEST)
        app.add_routes(Pushing(self._storage, self._uploads, self._faults).routes())
        app.add_routes(
            [
                web.get("/v2/", self._version),
                web.get("/token", self._token),
                web.get("/v2/_catalog", self._catalogue),
                web.get("/v2/{name:.+}/tags/list", self._tags),
                web.get("/v2/{name:.+}/manifests/{reference}", self._manifest),
                web.get("/v2/{name:.+}/blobs/{digest}", self._blob),
                web.get("/v2/{name:.+}/referrers/{digest}", self._referrers),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await self._answer(request, handler)
        except ConnectionResetError:  # nobody is left who would read an answer
            raise web.HTTPServiceUnavailable from None

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._faults.break_off(request)
        if refusal := self._faults.refusal:
            return _refused(refusal)
        if self._access is not None and request.path != "/token":
            scope = _scope(request)
            if not self._access.admits(request.headers.get("Authorization"), scope, self._clock):
                challenge = {"WWW-Authenticate": self._access.challenge(self.url, scope)}
                return _error(401, "UNAUTHORIZED", "authentication required", headers=challenge)
        try:
            response = await handler(request)
        except Refused as refused:
            return refused.answer()
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "SIZE_INVALID", f"a manifest may have {LARGEST_MANIFEST} bytes here")
        except web.HTTPMethodNotAllowed:
            return _error(405, "UNSUPPORTED", "this registry does not delete content")
        except web.HTTPNotFound:
            return _error(404, "UNSUPPORTED", "no such route in the distribution API")
        response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        return response

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({})

    async def _token(self, request: web.Request) -> web.Response:
        if not isinstance(self._access, BearerAccess):
            return _error(404, "UNSUPPORTED", "this registry gives no tokens")
        scope = " ".join(request.query.getall("scope", []))
        token = self._access.grant(request.headers.get("Authorization"), scope, self._clock)
        if token is None:
            return _error(401, "UNAUTHORIZED", "wrong name or password")
        return web.json_response({"token": token, "expires_in": self._access.lifetime})

    async def _catalogue(self, request: web.Request) -> web.Response:
        return self._paged(request, "repositories", sorted(self._storage.repositories))

    async def _tags(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._storage.repositories:
            return _error(404, "NAME_UNKNOWN", "repository name not known to registry")
        return self._paged(request, "tags", self._storage.tags(name), name=name)

    async def _manifest(self, request: web.Request) -> web.Response:
        repository = self._storage.repositories.get(request.match_info["name"])
        if repository is None:
            return _error(404, "NAME_UNKNOWN", "repository name not known to registry")
        document = repository.manifest(request.match_info["reference"])
        if document is None:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        if not _accepts(request, document.media_type):
            return _error(404, "MANIFEST_UNKNOWN", f"the Accept header lacks {document.media_type}")
        return _content(document, document.media_type)

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        repository = self._storage.repositories.get(request.match_info["name"])
        digest = request.match_info["digest"]
        blob = repository.blobs.get(digest) if repository else None
        if blob is None:
            return _error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if isinstance(blob, Path):
            headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
            return web.FileResponse(blob, headers=headers)
        return _content(blob, "application/octet-stream")

    async def _referrers(self, request: web.Request) -> web.Response:
        digest = names.digest(request.match_info["digest"])
        repository = self._storage.repositories.get(request.match_info["name"])
        attached = list(repository.referrers.get(digest, {}).values()) if repository else []
        headers = {"Content-Type": OCI_INDEX}
        if kind := request.query.get("artifactType"):
            attached = [each for each in attached if each.get("artifactType") == kind]
            headers["OCI-Filters-Applied"] = "artifactType"
        return web.Response(body=index_of(attached).body, headers=headers)

    def _paged(self, request: web.Request, key: str, entries: Sequence[str], **more: str) -> web.Response:
        wanted = request.query.get("n", str(self._page))
        if not (wanted.isascii() and wanted.isdecimal() and int(wanted) > 0):
            return _error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
        count = min(int(wanted), self._page)
        rest = [entry for entry in entries if entry > request.query.get("last", "")]
        headers = {}
        if len(rest) > count:
            query = urlencode({"last": rest[count - 1], "n": count})
            headers["Link"] = f'<{request.path}?{query}>; rel="next"'
        return web.json_response({**more, key: rest[:count]}, headers=headers)


def _scope(request: web.Request) -> str:
    if name := request.match_info.get("name"):
        reads = request.method in {"GET", "HEAD"}
        scope = f"repository:{quote(name)}:{'pull' if reads else 'pull,push'}"
        source = request.query.get("from")  # of a blob that is to be in this repository too
        return f"{scope} repository:{quote(source)}:pull" if source else scope
    return "registry:catalog:*" if request.path == "/v2/_catalog" else ""


def _accepts(request: web.Request, media_type: str) -> bool:
    listed = ",".join(request.headers.getall("Accept", ["*/*"])).split(",")
    return bool({entry.partition(";")[0].strip() for entry in listed} & {media_type, "*/*"})


def _content(document: Document, media_type: str) -> web.Response:
    headers = {
        "Content-Type": media_type,
        "Docker-Content-Digest": document.digest,
        "ETag": f'"{document.digest}"',
    }
    return web.Response(body=document.body, headers=headers)


def _refused(refusal: Refusal) -> web.Response:
    codes = {401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    return _error(refusal.status, codes.get(refusal.status, "UNKNOWN"), "refused for now", headers=headers)


def _error(status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return web.json_response(body, status=status, headers=headers)
