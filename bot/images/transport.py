"""HTTP to one registry: time-outs, size limits, redirects, and pauses that a registry asks for.

Redirects are followed by hand, because where they lead is the registry's word: never to this machine or a
link-local address, never from https to http, and never with credentials beyond the registry's own origin
(security.md, row 26). What is sent as authorisation is decided in `tokens`; what answers mean, in `registry`.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.clock import Clock
from bot.images.errors import RegistryRefused, RegistryUnreachable
from bot.images.wording import one_line
from bot.unanswered import reason

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10, sock_read=15)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
"""Of what is sent: a layer takes as long as it takes, and then a registry may look at it for a while."""
LARGEST = 8 * 2**20
"""Bytes of an answer: registries cap manifests at 4 MiB, and a page of 1,000 tags has at most 130 kB."""
MOST_REDIRECTS = 5
MOST_PAUSES = 3
LONGEST_PAUSE = 20.0
"""Seconds that a `Retry-After` is obeyed; a longer one is the caller's to wait for."""
_METADATA = frozenset({ipaddress.ip_address("100.100.100.200"), ipaddress.ip_address("fd00:ec2::254")})
"""Cloud metadata services that are not on link-local addresses."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Body = Callable[[], AsyncIterator[bytes]]
"""What is sent, from its beginning each time: a request may have to be made again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. `url` is where it came from in the end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    url: URL
    next_page: URL | None = None


class Transport:
    """The sessions through which one registry is asked: its own, and one for where its redirects lead."""

    def __init__(self, clock: Clock, *, proxy: str | None, tls: ssl.SSLContext) -> None:
        self._clock = clock
        self._proxy = proxy
        self._tls = tls
        self._own = self._session(aiohttp.DefaultResolver())
        self._foreign = self._session(_PublicResolver(aiohttp.DefaultResolver()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._own.close()
        await self._foreign.close()

    async def get(
        self, url: URL, headers: Mapping[str, str], *, method: str = "GET", foreign: bool = False
    ) -> Answer:
        """Ask `url`, following redirects and pauses; any status but those two is the caller's to judge.

        `foreign` is for a first address that a registry named, such as a token realm.

        Raises: RegistryUnreachable (network, time-out, asked to wait too long), RegistryRefused (an answer
        or a redirect that is not to be trusted).
        """
        return await self._patiently(url, lambda: self._follow(url, headers, method, foreign))

    async def post(self, url: URL, form: Mapping[str, str], *, foreign: bool) -> Answer:
        """Send a form, once: where it leads elsewhere, that is the answer, since it holds a secret.

        Raises: as `get`.
        """
        if foreign:
            _refuse_private(url)
        return await self._once(url, {}, "POST", foreign, form)

    async def send(self, url: URL, headers: Mapping[str, str], *, method: str, body: Body) -> Answer:
        """Send a body to the registry itself: where it leads elsewhere, that is the answer.

        Raises: as `get`.
        """
        return await self._patiently(
            url, lambda: self._once(url, headers, method, False, body(), UPLOAD_TIMEOUT)
        )

    async def _patiently(self, url: URL, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask again where the registry wants it later, and not too late."""
        pauses = 0
        while True:
            answer = await ask()
            if answer.status != 429:
                return answer
            pause = _retry_after(answer)
            if pauses == MOST_PAUSES or pause > LONGEST_PAUSE:
                raise RegistryUnreachable(
                    f"The registry {url.host} asks to be asked less often (429): try again in {pause:.0f} s."
                )
            pauses += 1
            await self._clock.sleep(pause)

    async def _follow(self, url: URL, headers: Mapping[str, str], method: str, foreign: bool) -> Answer:
        origin, sent = url.origin(), CIMultiDict(headers)
        for _ in range(MOST_REDIRECTS + 1):
            if foreign:
                _refuse_private(url)
            answer = await self._once(url, sent, method, foreign)
            target = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or target is None:
                return answer
            following = _target(url, target)
            if following.origin() != origin:
                foreign = True
                sent.popall("Authorization", None)
            url = following
        raise RegistryRefused(f"The registry {origin.host} redirects in circles: check its address.")

    async def _once(
        self,
        url: URL,
        headers: Mapping[str, str],
        method: str,
        foreign: bool,
        data: Mapping[str, str] | AsyncIterator[bytes] | None = None,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> Answer:
        session = self._foreign if foreign else self._own
        proxy = None if self._proxy is None or self._proxy.startswith("socks") else self._proxy
        try:
            async with session.request(
                method, url, headers=headers, allow_redirects=False, proxy=proxy, data=data, timeout=timeout
            ) as response:
                body = await _limited(response)
                link = response.links.get("next")
                following = link.get("url") if link is not None else None
                page = following if isinstance(following, URL) else None
                return Answer(response.status, response.headers, body, url, page)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise RegistryUnreachable(
                f"The registry {url.host}{_port(url)} cannot be reached: {reason(error)}."
            ) from error

    def _session(self, resolver: AbstractResolver) -> aiohttp.ClientSession:
        connector: aiohttp.TCPConnector
        if self._proxy is not None and self._proxy.startswith("socks"):
            from aiohttp_socks import ProxyConnector  # few have such a proxy, and it takes time to import

            connector = ProxyConnector.from_url(self._proxy, ssl=self._tls, limit_per_host=8)
        else:
            connector = aiohttp.TCPConnector(ssl=self._tls, limit_per_host=8, resolver=resolver)
        return aiohttp.ClientSession(
            connector=connector, timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )


class _PublicResolver(AbstractResolver):
    """Resolves names but for addresses where a registry has no business to send us."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(_is_private(entry["host"]) for entry in found):
            raise _led_astray(host)
        return found

    async def close(self) -> None:
        await self._inner.close()


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > LARGEST:
            raise RegistryRefused(
                f"The registry {response.url.host} answered with more than {LARGEST // 2**20} MiB, "
                "which no tag list, manifest or image configuration needs."
            )
    return bytes(body)


def _target(url: URL, location: str) -> URL:
    """Where a redirect leads. Raises: RegistryRefused when that is no place to go."""
    try:
        target = url.join(URL(location))
    except ValueError:
        target = URL()
    allowed = {"https"} if url.scheme == "https" else {"https", "http"}
    if target.scheme not in allowed or not target.host:
        raise RegistryRefused(
            f"The registry {url.host} redirects to “{one_line(location, longest=80)}”, which is not followed."
        )
    return target.with_user(None)


def _refuse_private(url: URL) -> None:
    if _is_private(url.host or ""):
        raise _led_astray(url.host or "")


def _led_astray(host: str) -> RegistryRefused:
    return RegistryRefused(
        f"A registry sent us to {host}, an address of this machine or of its own network segment, "
        "which is not followed."
    )


def _is_private(host: str) -> bool:
    """Whether a literal address is none that a registry may send us to; private networks are allowed."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address in _METADATA
    )


def _retry_after(answer: Answer) -> float:
    """Seconds to wait; a date or nonsense counts as the longest pause that is obeyed."""
    value = answer.headers.get("Retry-After", "1")
    return float(value) if value.isascii() and value.isdecimal() and len(value) < 9 else LONGEST_PAUSE


def certificates(ca_file: Path | None) -> ssl.SSLContext:
    """Whose certificates are trusted: the system's authorities, or those in `ca_file` alone. Reads files.

    Raises: RegistryRefused when `ca_file` cannot be read as certificates.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise RegistryRefused(
            f"{ca_file} cannot be read as a bundle of certificates: check `ca_file`."
        ) from error


def _port(url: URL) -> str:
    return "" if url.is_default_port() else f":{url.port}"
