"""What every call to a cluster has in common: whose it is, where its object lives, and JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from bot.access import ClusterAccess, Identity
from bot.clock import Clock, SystemClock
from bot.cluster.answers import parsed
from bot.cluster.connection import JSON, Answer, Connection, Request
from bot.cluster.discovery import Discovery, Ref, Resource


class Asking:
    """One connection, asked in one identity's name; what can be asked is its children's to say."""

    def __init__(self, access: ClusterAccess, *, clock: Clock | None = None) -> None:
        self._connection = Connection(access)
        self._discovery = Discovery(self._connection)
        self._clock = clock or SystemClock()
        self._identity: Identity | None = None

    def as_(self, identity: Identity | None) -> Self:
        """The same connection with every call made as `identity` (None: as the bot itself)."""
        other = object.__new__(type(self))
        other._connection = self._connection
        other._discovery = self._discovery
        other._clock = self._clock
        other._identity = identity
        return other

    @property
    def identity(self) -> Identity | None:
        """In whose name calls are made; None: the bot's own."""
        return self._identity

    async def resource(self, api_version: str, kind: str) -> Resource:
        """The plural and scope of a kind (or plural).

        Raises: ClusterRefused with code 404 where the cluster does not serve it.
        """
        return await self._discovery.resource(api_version, kind)

    async def _path(self, ref: Ref, subresource: str | None = None) -> str:
        resource = await self.resource(ref.api_version, ref.kind)
        return resource.path(ref.namespace, ref.name, subresource)

    async def _answered(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = 20.0,
    ) -> Answer:
        request = Request(method, path, query, body, content_type, accept, self._identity)
        return await self._connection.answer(request, timeout)

    async def _json(self, method: str, path: str, **asked: Any) -> Any:
        """The parsed body of an answer; `asked` as `_answered` has it."""
        return await parsed((await self._answered(method, path, **asked)).body)
