"""One of the two clusters as a test asks it, and answers without what differs from one asking to the next."""

import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.helm.releases import Location

Object = dict[str, Any]
Way = Literal["json", "merge", "strategic", "apply"]

CONTENT_TYPES: dict[str, str] = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
MANAGER = "contract"
"""Whose the fields are that a test writes, unless it says otherwise."""

MISSING = "(nothing)"

_VOLATILE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "(uid)"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "(time)"),
    (re.compile(r"in record \(\d+\)"), "in record (some)"),
    (re.compile(r"kube-api-access-[a-z0-9]{5}"), "kube-api-access-(any)"),
    (re.compile(r"\b10\.\d{1,3}\.\d{1,3}\.\d{1,3}\b"), "(address)"),
)
_COUNTED = frozenset({"resourceVersion", "continue", "nodePort"})


@dataclass(frozen=True)
class Answer:
    """What the server says."""

    code: int
    body: Any
    warnings: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The words of a refusal."""
        return str(self.body["message"])


@dataclass(frozen=True)
class Side:
    """A cluster, and a namespace in it that is the test's own."""

    name: str
    kubeconfig: Path
    url: str
    session: aiohttp.ClientSession
    cluster: Cluster
    namespace: str = ""
    own: list[str] = field(default_factory=list)
    """Other words that are this side's alone: they are left out of comparisons, too."""

    @property
    def access(self) -> ClusterAccess:
        return ClusterAccess(self.kubeconfig)

    def release(self, name: str = "shop") -> Location:
        """A Helm release of the test's."""
        return Location(self.access, self.namespace, name)

    def path(self, what: str) -> str:
        """The URL's path of `v1/pods`, `apps/v1/deployments/web/scale`, in the test's namespace."""
        if what.startswith("/"):
            return what
        parts = what.split("/")
        depth = 1 if parts[0] == "v1" else 2
        version, rest = "/".join(parts[:depth]), "/".join(parts[depth:])
        return f"/{'api' if depth == 1 else 'apis'}/{version}/namespaces/{self.namespace}/{rest}"

    async def ask(
        self,
        method: str,
        what: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        headers: Sequence[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any request; `what` as `path` has it."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = [("Accept", accept), *headers, *([("Content-Type", content_type)] if data else [])]
        async with self.session.request(
            method, self.url + self.path(what), data=data, headers=sent, params=query
        ) as response:
            text = await response.text()
            told = response.headers.getall("Warning", [])
        return Answer(response.status, json.loads(text) if text.startswith("{") else text, tuple(told))

    async def get(self, what: str, **query: str) -> Answer:
        return await self.ask("GET", what, query=query)

    async def create(self, what: str, body: Any, **query: str) -> Answer:
        return await self.ask("POST", what, body, query={"fieldManager": MANAGER} | query)

    async def replace(self, what: str, body: Any, **query: str) -> Answer:
        return await self.ask("PUT", what, body, query={"fieldManager": MANAGER} | query)

    async def patch(self, what: str, body: Any, way: Way = "merge", **query: str) -> Answer:
        asked = {"fieldManager": MANAGER} | query
        return await self.ask("PATCH", what, body, content_type=CONTENT_TYPES[way], query=asked)

    async def delete(self, what: str, body: Any = None, **query: str) -> Answer:
        return await self.ask("DELETE", what, body, query=query)

    @contextlib.asynccontextmanager
    async def watch(self, what: str, **query: str) -> AsyncIterator[AsyncIterator[Object]]:
        """The events of a watch, as they come."""
        asked = {"watch": "true", "timeoutSeconds": "60"} | query
        async with self.session.get(self.url + self.path(what), params=asked) as response:
            yield events_of(response)

    def plain(self, value: Any) -> Any:
        """What remains when everything is left out that is another each time, or on the other side.

        So is a null, which means nothing.
        """
        if isinstance(value, Answer):
            return [value.code, self.plain(value.body), self.plain(value.warnings)]
        if isinstance(value, dict):
            return {
                self.plain(key): "(some)" if key in _COUNTED and child else self.plain(_ordered(key, child))
                for key, child in value.items()
                if child is not None
            }
        if isinstance(value, list | tuple):
            return [self.plain(child) for child in value]
        if not isinstance(value, str):
            return value
        for words in (self.namespace, *self.own):
            value = value.replace(words, "(own)") if words else value
        for pattern, instead in _VOLATILE:
            value = pattern.sub(instead, value)
        return value


def _ordered(key: str, value: Any) -> Any:
    """Managers are told by the time of their writes, which may or may not be the same second."""
    if key != "managedFields" or not value:
        return value
    return sorted(value, key=lambda each: (each["operation"], each["manager"], each.get("subresource", "")))


async def events_of(response: aiohttp.ClientResponse) -> AsyncIterator[Object]:
    """The JSON lines of a watch."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)


@dataclass(frozen=True)
class Both:
    """The two clusters side by side."""

    embedded: Side
    real: Side

    async def agree(self, ask: Callable[[Side], Awaitable[Any]]) -> Any:
        """Ask both the same: they must answer the same, which is returned in the form of `Side.plain`."""
        real = self.real.plain(await ask(self.real))
        embedded = self.embedded.plain(await ask(self.embedded))
        found = list(differences(embedded, real))
        assert not found, "\n".join(["they differ:", *found])
        return real


def differences(embedded: Any, real: Any, at: str = "") -> Iterator[str]:
    """Where two answers differ, a line each."""
    if isinstance(embedded, dict) and isinstance(real, dict):
        for name in sorted(embedded.keys() | real.keys()):
            yield from differences(embedded.get(name, MISSING), real.get(name, MISSING), f"{at}.{name}")
    elif isinstance(embedded, list) and isinstance(real, list) and len(embedded) == len(real):
        for number, pair in enumerate(zip(embedded, real, strict=True)):
            yield from differences(*pair, f"{at}[{number}]")
    elif embedded != real:
        yield f"{at}: the embedded one has {embedded!r}, the real one {real!r}"


def unquoted(words: str) -> str:
    """Without the whole object that a refusal may quote, as JSON or as Go prints its own structures."""
    words = re.sub(
        r'Invalid value: ("\{.*\}"|\{".*":\{".*\}|\[.*\]|\{"Volumes.*\}): ',
        "Invalid value: (all of it): ",
        words,
    )
    return words.partition("\n@@")[0]
