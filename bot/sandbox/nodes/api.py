"""A client of an API server that knows what a node needs of it: objects by their kind, and watches."""

import builtins
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

from bot.sandbox.kubernetes.controllers.kinds import Kind
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.nodes.kubeconfig import Access

Object = dict[str, Any]

CONNECTIONS: Final = 40
"""At once, of which a watch a kind lasts."""
ANSWER_WITHIN: Final = 30.0
WATCH_FOR: Final = 300.0
"""Seconds after which the server is to end a watch, so that one which broke unseen is noticed."""
PAGE: Final = 500
"""Objects of one list's answer."""
MERGE_PATCH: Final = "application/merge-patch+json"


class Refused(Exception):
    """The API server answered with an error; the text is its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Gone(Exception):
    """A watch asked for changes that the server does not keep any more: list anew."""


class Api:
    """One API server; an async context manager.

    What fails on the way raises aiohttp.ClientError, OSError (a time-out is one), or ValueError for an answer that
    is no JSON.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": "kubelet"}
        if self._access.token:
            headers["Authorization"] = f"Bearer {self._access.token}"
        self._session = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self._access.ssl or True),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    @property
    def _client(self) -> aiohttp.ClientSession:
        assert self._session is not None, "the client is not open"
        return self._session

    async def version(self) -> str:
        """The server's version, as v1.37.0. Raises: Refused."""
        return str((await self._ask("GET", "/version"))["gitVersion"])

    async def get(self, kind: Kind, key: Key) -> Object:
        """One object. Raises: Refused (404 where there is none)."""
        return await self._ask("GET", _path(kind, key.namespace, key.name))

    async def create(self, kind: Kind, obj: Object) -> Object:
        """A new object, as it is stored. Raises: Refused (409 where there is one)."""
        return await self._ask("POST", _path(kind, obj["metadata"].get("namespace", "")), obj)

    async def replace_status(self, kind: Kind, key: Key, obj: Object) -> Object:
        """Put the object's status in the place of the stored one. Raises: Refused (409 where it has changed)."""
        return await self._ask("PUT", f"{_path(kind, key.namespace, key.name)}/status", obj)

    async def merge(self, kind: Kind, key: Key, patch: Object, subresource: str = "") -> Object:
        """Lay `patch` over the object. Raises: Refused."""
        path = _path(kind, key.namespace, key.name) + (f"/{subresource}" if subresource else "")
        return await self._ask("PATCH", path, patch, MERGE_PATCH)

    async def delete(self, kind: Kind, key: Key, *, uid: str = "") -> None:
        """Remove the object at once (the one with that uid, if it is said). Raises: Refused."""
        options: Object = {"gracePeriodSeconds": 0}
        if uid:
            options["preconditions"] = {"uid": uid}
        await self._ask("DELETE", _path(kind, key.namespace, key.name), options)

    async def list(self, kind: Kind, selector: str = "") -> tuple[builtins.list[Object], str]:
        """All objects of a kind that the field selector takes, and the version to watch from. Raises: Refused."""
        query = {"limit": str(PAGE), "fieldSelector": selector}
        found: builtins.list[Object] = []
        while True:
            answer = await self._ask("GET", _path(kind, ""), query=query)
            found += answer.get("items") or []
            if not (following := answer["metadata"].get("continue")):
                return found, answer["metadata"]["resourceVersion"]
            query["continue"] = following

    async def watch(self, kind: Kind, since: str, selector: str = "") -> AsyncIterator[Object]:
        """The watch's events until it ends, which is no error. Raises: Gone, Refused."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": str(int(WATCH_FOR)),
            "fieldSelector": selector,
        }
        patience = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_WITHIN, sock_read=WATCH_FOR * 1.1)
        url = self._access.server + _path(kind, "")
        async with self._client.get(url, params=query, timeout=patience) as response:
            if response.status >= 400:
                raise _refusal(response.status, await response.read())
            async for line in _lines(response.content):
                event: Object = json.loads(line)
                if event["type"] == "ERROR":
                    raise _refusal(event["object"].get("code", 500), json.dumps(event["object"]).encode())
                yield event

    async def _ask(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        content_type: str = "application/json",
        *,
        query: dict[str, str] | None = None,
    ) -> Object:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = content_type
        url = self._access.server + path
        async with self._client.request(method, url, data=data, headers=headers, params=query) as response:
            content = await response.read()
            if response.status >= 400:
                raise _refusal(response.status, content)
        answer: Object = json.loads(content)
        return answer


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The stream's lines, however long they are: aiohttp's own end at a length that objects exceed."""
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line


def _refusal(code: int, content: bytes) -> Exception:
    try:
        message = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        message = content.decode(errors="replace")
    return Gone(message) if code == 410 else Refused(code, message)


def _path(kind: Kind, namespace: str, name: str = "") -> str:
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    scope = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{root}{scope}/{kind.resource}" + (f"/{quote(name)}" if name else "")
