"""One cluster's connection: the client library's configuration and credentials, our requests and time-outs.

The library's import (0.5 s) and its TLS set-up happen in a thread, requests go out raw: its typed objects
would block the loop for seconds. What paths mean and what answers say is left to `cluster`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from multidict import CIMultiDict

from bot.access import ClusterAccess, Identity
from bot.cluster.errors import (
    Cause,
    ClusterConflict,
    ClusterError,
    ClusterRefused,
    ClusterUnreachable,
    CredentialsRefused,
    IdentityMissing,
    KubeconfigUnusable,
)
from bot.cluster.kubeconfigs import one_context
from bot.unanswered import reason

JSON = "application/json"

CONNECT = 10.0
"""Seconds to connect, TLS included."""

_RENEWAL = 300.0
"""Seconds between looks at credentials that change (tokens in files, plugins): a bound token lives an hour."""

_AT_MOST = 1.0
"""Seconds between two of these looks where credentials are refused: each may start a plugin."""

_CONNECTIONS = 512
"""Watches hold one each, eight a rollout; the library's 100 would run dry in silence."""

_TOO_BUSY = (429, 500, 502, 503, 504)
"""500 is how an API server says that its etcd changes the leader or does not answer."""

_LASTING = ("webhook", "failed to create typed")
"""Words of other 500s, which asking again does not mend: a webhook that admits or converts objects fails, or an object
that is to be applied does not fit its schema."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to the API server; `path` is escaped already, `body` becomes JSON."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: Any = None
    content_type: str = JSON
    accept: str = JSON
    identity: Identity | None = None
    """In whose name; None: the bot's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and what the server says beside it (its `Warning` headers), in its own words."""

    body: bytes
    warnings: tuple[str, ...] = ()


class Connection:
    """Owns one HTTP session to one API server; an async context manager."""

    def __init__(self, access: ClusterAccess) -> None:
        self.access = access
        self._client: Any = None
        """The library's ApiClient; its annotations stop short of what we call."""
        self._renewed = 0.0
        self._renewing = asyncio.Lock()
        self.date = ""
        """The server's `Date` in its newest answer."""

    async def open(self) -> None:
        """Read the credentials and prepare TLS; asks nothing of the cluster.

        Raises: KubeconfigUnusable, KubeconfigUnsafe.
        """
        client = await asyncio.to_thread(_client, self.access)
        rest = client.rest_client
        if (rest.proxy or "").startswith("socks"):
            # aiohttp speaks to HTTP proxies only; its session takes a connector that speaks SOCKS.
            from aiohttp_socks import ProxyConnector  # few have such a proxy, and it takes time to import

            connector = ProxyConnector.from_url(rest.proxy, ssl=rest.ssl_context, limit=_CONNECTIONS)
            rest.pool_manager = aiohttp.ClientSession(connector=connector, read_bufsize=2**21)
            rest.proxy = None
        self._client = client
        self._renewed = asyncio.get_running_loop().time()

    async def close(self) -> None:
        """Close the session; calls under way fail."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def call(self, request: Request, timeout: float = 20.0, *, most: int | None = None) -> bytes:
        """One request and the whole body of its answer, or its first `most` bytes, within `timeout` seconds.

        Raises: ClusterUnreachable, ClusterRefused and its kin.
        """
        return (await self.answer(request, timeout, most=most)).body

    async def answer(self, request: Request, timeout: float = 20.0, *, most: int | None = None) -> Answer:
        """As `call`, with the server's warnings."""
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT)
        try:
            async with self._response(request, limits) as response:
                body = await (response.read() if most is None else _beginning(response.content, most))
                return Answer(body, tuple(map(_warning, response.headers.getall("Warning", ()))))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(error, self.access, timeout) from error

    @contextlib.asynccontextmanager
    async def stream(self, request: Request, total: float) -> AsyncIterator[aiohttp.StreamReader]:
        """The body of a long answer, to be read as it comes; `total` seconds end it.

        Raises: ClusterRefused and its kin; aiohttp's own errors and TimeoutError, while reading too.
        """
        limits = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT)
        async with self._response(request, limits) as response:
            yield response.content

    @contextlib.asynccontextmanager
    async def _response(
        self, request: Request, limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if asyncio.get_running_loop().time() - self._renewed > _RENEWAL:
            await self._renew(_RENEWAL)
        token = self._token
        response = await self._send(request, limits)
        if response.status == 401 and await self._has_another(token):
            response.release()
            response = await self._send(request, limits)
        async with response:
            if response.status >= 400:
                raise refused(response.status, await response.read(), request.identity)
            yield response

    async def _send(self, request: Request, limits: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        if self._client is None:
            raise ClusterUnreachable("the connection to this cluster is closed")
        url = f"{self._client.configuration.host}{request.path}"
        if request.query:
            url += f"?{urlencode(request.query)}"
        headers = CIMultiDict({"Accept": request.accept, "Content-Type": request.content_type})
        if self._token:
            headers["Authorization"] = self._token
        headers.extend(_impersonation(request.identity))
        answer = await self._client.rest_client.request(
            request.method, url, headers=headers, body=request.body, _request_timeout=limits
        )
        response: aiohttp.ClientResponse = answer.response
        self.date = response.headers.get("Date", "")
        return response

    @property
    def _token(self) -> str | None:
        """The bearer token as it was read last, with its `Bearer`."""
        found: str | None = self._client and self._client.configuration.api_key.get("BearerToken")
        return found

    async def _has_another(self, refused: str | None) -> bool:
        """Whether there is another token than the one that was refused, read by now or read here."""
        if self._token == refused:
            await self._renew(_AT_MOST)
        return self._token != refused

    async def _renew(self, older_than: float) -> None:
        """Read credentials again that may have changed."""
        async with self._renewing:
            loop = asyncio.get_running_loop()
            if self._client is None or loop.time() - self._renewed < older_than:
                return
            self._renewed = loop.time()
            # The old ones may still do where the new can't be read; the server says so if not.
            with contextlib.suppress(ClusterError):
                token = await asyncio.to_thread(_token, self.access)
                if token is not None and self._client is not None:
                    self._client.configuration.api_key["BearerToken"] = token


async def _beginning(stream: aiohttp.StreamReader, most: int) -> bytes:
    """What a stream begins with: nothing makes the other side stop but going away."""
    found = bytearray()
    async for chunk in stream.iter_any():
        found += chunk
        if len(found) >= most:
            break
    return bytes(found[:most])


def _warning(header: str) -> str:
    """The text of a warning, which comes as `299 - "text"` (RFC 7234, section 5.5)."""
    quoted = header.partition('"')[2].rpartition('"')[0]
    return re.sub(r"\\(.)", r"\1", quoted)


def _client(access: ClusterAccess) -> Any:
    """A client that is ready but has sent nothing. Blocks: for a thread."""
    from kubernetes.aio.client import ApiClient

    with one_context(access) as content:
        return ApiClient(configuration=_configuration(content))


def _token(access: ClusterAccess) -> str | None:
    """The bearer token as the files and plugins give it now. Blocks: for a thread."""
    with one_context(access) as content:
        token: str | None = _configuration(content).api_key.get("BearerToken")
        return token


def _configuration(content: dict[str, Any]) -> Any:
    """The library's configuration; runs a credential plugin where there is one."""
    from kubernetes.aio import config
    from kubernetes.aio.client import Configuration

    configuration = Configuration()
    configuration.connection_pool_maxsize = _CONNECTIONS
    # Proxies and passwords of the environment (and .netrc) would be looked up in a thread at each request, and are no
    # more the cluster's than they are for Helm's workers: what is configured counts.
    configuration.client_session_kwargs = {"trust_env": False}
    try:
        loading = config.load_kube_config_from_dict(content, client_configuration=configuration)  # type: ignore[no-untyped-call]
        asyncio.run(asyncio.wait_for(loading, 30.0))
    except (config.ConfigException, OSError, ValueError, KeyError, TimeoutError) as error:
        raise KubeconfigUnusable(f"the kubeconfig cannot be used: {error or 'its plugin hangs'}") from error
    if content["users"][0]["user"].get("exec") and not configuration.api_key and not configuration.cert_file:
        raise KubeconfigUnusable("the kubeconfig's credential plugin gave no credentials: run it by hand")
    return configuration


def _impersonation(identity: Identity | None) -> list[tuple[str, str]]:
    """Headers; a group each, as kubectl sends them."""
    if identity is None:
        return []
    return [("Impersonate-User", identity.user)] + [("Impersonate-Group", group) for group in identity.groups]


def without_managers(item: dict[str, Any]) -> dict[str, Any]:
    """An object without what server-side apply remembers of it. Thousands of kept objects make the garbage
    collector's full rounds long, and those stop the loop: 0.1 s for 5,000 pods."""
    item.pop("managedFields", None)
    return item


def refused(code: int, body: bytes, identity: Identity | None) -> ClusterError:
    """The error that an answer with a status of 400 and more means."""
    causes: tuple[Cause, ...] = ()
    try:
        status = json.loads(body)
        message, reason = str(status.get("message") or ""), str(status.get("reason") or "")
        causes = tuple(map(Cause.of, (status.get("details") or {}).get("causes") or ()))
    except (AttributeError, RecursionError, TypeError, ValueError):  # no Status: a proxy's page, or anything
        causes, reason = (), ""
        message = body[:200].decode(errors="replace").strip()
    if code in _TOO_BUSY and not any(words in message for words in _LASTING):
        return ClusterUnreachable(f"the cluster cannot answer now: {message or f'status {code}'}")
    if code == 409:
        return ClusterConflict(message or "somebody else changed it meanwhile", code, reason, causes)
    if identity is not None and "impersonate" in message and code == 403:
        words = f"the bot may not act as {identity.user} in this cluster: {message}"
        return IdentityMissing(words, code, reason)
    if code == 401:
        return CredentialsRefused("the cluster does not accept the bot's credentials")
    return ClusterRefused(message or f"the cluster answered with status {code}", code, reason, causes)


def unreachable(
    error: BaseException, access: ClusterAccess, timeout: float | None = None
) -> ClusterUnreachable:
    """What a failed connection means."""
    if isinstance(error, TimeoutError):
        within = f" within {timeout:.0f} s" if timeout else ""
        return ClusterUnreachable(f"{access.called} did not answer{within}")
    return ClusterUnreachable(f"{access.called} cannot be reached: {reason(error)}")
