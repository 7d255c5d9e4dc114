"""Charts in an OCI registry: a manifest whose one layer is the chart's archive.

Of the OCI distribution specification 1.1 only what a pull takes; tokens as the Docker registry's token
specification has them. Images are `bot.images`' affair.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yarl import URL

from bot.helm.downloading import DIRECT, Answer, Credentials, Download, Route, download, parsed
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.inspecting import MAX_PACKED

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

_MAX_JSON = 4 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class OciChart:
    """A chart as `oci://host/path/name`; `version` is its tag, or a digest (`sha256:…`)."""

    url: str
    version: str
    credentials: Credentials | None = None
    route: Route = DIRECT
    plain_http: bool = False
    """Talk http to it, for a registry in the same cluster or a sandbox."""


async def fetch(source: OciChart) -> bytes:
    """The chart's archive, checked against the manifest's digest.

    Raises: ChartUnavailable, ChartInvalid (no chart there, or its digest differs).
    """
    address = parsed(source.url)
    if address.scheme != "oci" or not address.host or address.path == "/":
        raise ChartUnavailable(f"{source.url} is no chart's address: write oci://host/path/name")
    base = address.with_scheme("http" if source.plain_http else "https").origin()
    async with download(base, source.route) as http:
        registry = _Registry(http, base / "v2" / address.path.strip("/"), source)
        layer = await registry.layer()
        return await registry.blob(layer)


class _Registry:
    """One repository of a registry, with the authorisation it asked for."""

    def __init__(self, http: Download, repository: URL, source: OciChart) -> None:
        self._http = http
        self._repository = repository
        self._source = source
        self._authorization: dict[str, str] = {}

    async def layer(self) -> str:
        """The digest of the chart's archive."""
        tag = self._source.version.replace("+", "_")  # a tag has no plus; Helm pushes it so
        answer = await self._get(self._repository / "manifests" / tag, _MAX_JSON, {"Accept": MANIFEST})
        if _DIGEST.fullmatch(tag) and _sha256(answer.body) != tag:
            raise ChartInvalid(f"{self._source.url} is not what its digest says")
        layers = _json(answer, self._source.url).get("layers")
        for layer in layers if isinstance(layers, list) else ():
            digest = layer.get("digest") if isinstance(layer, dict) else None
            if isinstance(digest, str) and _DIGEST.fullmatch(digest) and layer.get("mediaType") == LAYER:
                return digest
        raise ChartInvalid(f"{self._source.url}:{tag} is no Helm chart")

    async def blob(self, digest: str) -> bytes:
        answer = await self._get(self._repository / "blobs" / digest, MAX_PACKED, {})
        if _sha256(answer.body) != digest:
            raise ChartInvalid(f"{self._source.url} is not what its manifest says: the digest differs")
        return answer.body

    async def _get(self, url: URL, limit: int, headers: Mapping[str, str]) -> Answer:
        answer = await self._http.get(url, limit=limit, headers={**headers, **self._authorization})
        if answer.status == 401 and not self._authorization:
            self._authorization = await self._authorised(answer.headers.get("WWW-Authenticate", ""))
            answer = await self._http.get(url, limit=limit, headers={**headers, **self._authorization})
        match answer.status:
            case 200:
                return answer
            case 401 | 403:
                raise ChartUnavailable(f"{url.host} refuses the credentials for {self._source.url}")
            case 404:
                raise ChartUnavailable(
                    f"{url.host} has no {self._source.url}, version {self._source.version}"
                )
        raise ChartUnavailable(f"{url.host} answers {answer.status} for {self._source.url}")

    async def _authorised(self, challenge: str) -> dict[str, str]:
        """What the registry's challenge asks for: Basic, or a token from the service that it names."""
        basic = self._source.credentials.header if self._source.credentials else {}
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() != "bearer":
            if not basic:
                raise ChartUnavailable(f"{self._repository.host} wants credentials for {self._source.url}")
            return basic
        fields = dict(_PARAMETER.findall(rest))
        path = self._repository.path.removeprefix("/v2/")
        realm = self._realm(fields.get("realm", "")).update_query(
            scope=fields.get("scope") or f"repository:{path}:pull"
        )
        if fields.get("service"):
            realm = realm.update_query(service=fields["service"])
        answer = await self._http.get(realm, limit=_MAX_JSON, headers=basic)
        if answer.status != 200:
            raise ChartUnavailable(f"{realm.host} gives no token for {self._source.url} ({answer.status})")
        content = _json(answer, self._source.url)
        token = content.get("token") or content.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise ChartUnavailable(f"{realm.host} answers with a token for {self._source.url} that is none")
        return {"Authorization": f"Bearer {token}"}

    def _realm(self, text: str) -> URL:
        """Where tokens come from: credentials go there by https or to the registry's own host, or nowhere."""
        try:
            realm = URL(text)
        except ValueError:
            realm = URL()
        own = (realm.scheme, realm.host) == (self._repository.scheme, self._repository.host)
        if not realm.host or not (realm.scheme == "https" or own):
            raise ChartUnavailable(
                f"{self._repository.host} wants credentials for {self._source.url} sent to what is neither "
                "https nor its own host: they were not sent"
            )
        return realm.with_user(None)


def _json(answer: Answer, what: str) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ChartUnavailable(f"{answer.url.host} does not answer like a registry for {what}") from error
    return content if isinstance(content, dict) else {}


def _sha256(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
