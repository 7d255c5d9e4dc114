"""GET for charts: bounded in size and time, and careful about where it is sent.

A repository decides where its charts lie and may redirect, so every hop is checked: no way down from https,
no credentials to another origin (CVE-2021-32690), no addresses that only this machine or its network can
see unless the operator named that very host (security.md, row 26). Names are checked as they are resolved,
so that an answer that changes between check and connection gains nothing.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.helm.errors import ChartUnavailable
from bot.unanswered import reason

_HOPS = 5
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=15)
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password (or token) for one origin."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> dict[str, str]:
        """HTTP Basic authorisation."""
        pair = f"{self.username}:{self.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


@dataclass(frozen=True, slots=True)
class Route:
    """How hosts are reached: a proxy's URL (http, socks5) and a PEM bundle that replaces the system's."""

    proxy: str | None = None
    ca_file: Path | None = None


DIRECT = Route()


class Answer:
    """What came back: status, headers (any case) and a body that is complete."""

    def __init__(self, url: URL, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body


class Download:
    """GETs on behalf of one source at `origin`, the URL that the operator wrote."""

    def __init__(self, session: aiohttp.ClientSession, origin: URL) -> None:
        self._session = session
        self._origin = origin

    async def get(self, url: URL, *, limit: int, headers: Mapping[str, str] | None = None) -> Answer:
        """Follow `url` to its end; `headers` with an Authorization go to the origin of `url` alone.

        Raises: ChartUnavailable: unreachable, too large (`limit` bytes), or redirected where it may not go.
        """
        first, wanted = url, dict(headers or {})
        for _ in range(_HOPS):
            self._check(url)
            sent = wanted if same_origin(url, first) else _without_authorization(wanted)
            try:
                async with self._session.get(url, headers=sent, allow_redirects=False) as response:
                    target = response.headers.get("Location")
                    if response.status not in (301, 302, 303, 307, 308) or not target:
                        body = await _body(response, limit)
                        return Answer(url, response.status, response.headers, body)
                    url = url.join(URL(target))
            except TimeoutError as error:
                raise ChartUnavailable(f"{url.host} did not answer in time") from error
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise ChartUnavailable(f"{url.host} cannot be reached: {reason(error)}") from error
        raise ChartUnavailable(f"{first.host} redirects more than {_HOPS} times")

    def _check(self, url: URL) -> None:
        allowed = {"https", self._origin.scheme}
        if url.scheme not in allowed or not url.host:
            raise ChartUnavailable(f"{self._origin.host} leads to {url.scheme}: which is not followed")
        if url.host != self._origin.host and not _public(url.host):
            raise ChartUnavailable(
                f"{self._origin.host} leads to {url.host}, an address of a private network"
            )


def parsed(text: str) -> URL:
    """A URL that somebody wrote.

    Raises: ChartUnavailable when it is none, or holds credentials, which belong beside it.
    """
    try:
        url = URL(text)
    except ValueError as error:
        raise ChartUnavailable("A chart's address is no URL") from error
    if url.user is not None or url.password is not None:
        raise ChartUnavailable(
            f"The address of a chart at {url.host} holds credentials: write them apart from it"
        )
    return url


def same_origin(one: URL, other: URL) -> bool:
    """Whether credentials for the one may be shown to the other."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


@asynccontextmanager
async def download(origin: URL, route: Route) -> AsyncIterator[Download]:
    """A `Download` with connections of its own, closed at the end."""
    context = await asyncio.to_thread(
        ssl.create_default_context, cafile=str(route.ca_file) if route.ca_file else None
    )
    if route.proxy:
        from aiohttp_socks import ProxyConnector  # few have such a proxy, and it takes time to import

        connector: aiohttp.TCPConnector = ProxyConnector.from_url(route.proxy, ssl=context)
    else:
        connector = aiohttp.TCPConnector(ssl=context, resolver=_GuardedResolver(origin.host or ""))
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as session:
        yield Download(session, origin)


class _GuardedResolver(AbstractResolver):
    """Resolves names, and for all but the operator's own host keeps only public addresses."""

    def __init__(self, trusted: str) -> None:
        self._trusted = trusted
        self._real = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._real.resolve(host, port, family)
        if host == self._trusted:
            return found
        public = [result for result in found if _public(result["host"])]
        if not public:
            raise OSError(f"{host} is an address of a private network")
        return public

    async def close(self) -> None:
        await self._real.close()


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise ChartUnavailable(f"{response.url.host} sends more than {limit >> 20} MiB")
    return bytes(body)


def _without_authorization(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "authorization"}


def _public(host: str) -> bool:
    """Whether `host` is a name, or an address that the whole Internet sees."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host.lower() != "localhost" and not host.lower().endswith((".localhost", ".internal"))
