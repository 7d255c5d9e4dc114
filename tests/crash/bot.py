"""The bot with points at which it can be killed: `python -m tests.crash.bot run --config F ...`.

It is the same bot: `bot.lifetime` runs it, and the composition root is handed adaptors that are wrapped here, once,
so that whatever comes to do more outside the process passes points as well.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import StreamReader
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import NetworkError, TimedOut
from yarl import URL

from bot.access import ClusterAccess, Identity
from bot.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.cluster.connection import Answer, Connection, Request
from bot.cluster.errors import ClusterUnreachable
from bot.config import Config
from bot.connections import Images
from bot.helm import errors as helm
from bot.helm.charts import ChartArchive
from bot.helm.client import Helm
from bot.helm.releases import Location
from bot.images.builders.building import Builder, BuildEvent, BuildRequest, Tell
from bot.images.endpoint import Endpoint
from bot.images.errors import BuilderAway, RegistryUnreachable, SourceUnreachable
from bot.lifetime import run
from bot.outside import Outside
from bot.store.database import Database
from bot.telegram.transport import Bot, connect
from tests.crash.points import CHANGE, COMMIT, DYING, READ, Points, Way, die, whose


def outside(points: Points) -> Outside:
    """Everything that reaches out of the process, with points around it."""
    return Outside(
        database=_journal(points),
        helm=_releases(points),
        clusters=_reached(points),
        images=_asked(points),
        builder=lambda builder: _Builder(builder, points),
        connect=_connected(points),
    )


def _journal(points: Points) -> type[Database]:
    class Journal(Database):
        """Commits are points, by the function that writes."""

        @asynccontextmanager
        async def write(self) -> AsyncIterator[AsyncSession]:
            way = points.comes(f"store {whose('bot.store')}", COMMIT)
            async with super().write() as session:
                yield session
                if way is Way.BEFORE:
                    die()
                if way is Way.UNDONE:
                    raise OperationalError("COMMIT", None, Exception("database or disk is full"))
            if way is Way.AFTER:
                die()

    return Journal


def _releases(points: Points) -> type[Helm]:
    class Releases(Helm):
        """Calls of Helm are points, by what is done; what only reads, by who asks."""

        async def _of_chart(self, request: dict[str, Any], archive: ChartArchive, timeout: float) -> Any:
            name = f"helm {request['do']} for {whose('bot.helm', 'bot.planning.rendering')}"
            async with points.passing(name, helm.WorkerLost("it crashed", "crash"), ways=READ):
                return await super()._of_chart(request, archive, timeout)

        async def _read(self, request: dict[str, Any], timeout: float) -> Any:
            name = f"helm {request['do']} for {whose('bot.helm', 'bot.planning.releases')}"
            async with points.passing(name, helm.ClusterUnreachable("no answer"), ways=READ):
                return await super()._read(request, timeout)

        async def _write(
            self,
            request: dict[str, Any],
            at: Location,
            as_: Identity | None,
            timeout: float,
            archive: bytes = b"",
        ) -> Any:
            undone, lost = helm.ClusterUnreachable("no answer"), helm.OutcomeUnknown("cut short")
            async with points.passing(f"helm {request['do']}", undone, lost):
                return await super()._write(request, at, as_, timeout, archive)

    return Releases


def _reached(points: Points) -> type[Clusters]:
    class Reached(Clusters):
        """Requests to a cluster are points, by verb and kind; what only reads, by who asks."""

        async def at(self, access: ClusterAccess) -> Cluster:
            cluster = await super().at(access)
            connection = cluster._connection
            if not isinstance(connection, _Pointed):
                pointed = _Pointed(connection, points)
                cluster._connection = cluster._discovery._connection = pointed
            return cluster

    return Reached


def _asked(points: Points) -> type[Images]:
    class Asked(Images):
        """Requests to a registry and to a git server are points, by what is asked for and who asks."""

        async def opened(self, config: Config) -> Any:
            reached = await super().opened(config)
            known, run = reached.registries._registry, reached.sources._run

            async def registry(where: Any) -> Endpoint:
                return _Registry(await known(where), points)

            async def ran(address: Any, *arguments: str, **how: Any) -> Any:
                verb = next((each for each in arguments if each in ("fetch", "ls-remote")), None)
                if verb is None:  # it reads the mirror on this machine
                    return await run(address, *arguments, **how)
                name = f"git {verb} for {whose('bot.images')}"
                async with points.passing(name, SourceUnreachable("no answer"), ways=READ):
                    return await run(address, *arguments, **how)

            vars(reached.registries)["_registry"] = registry
            vars(reached.sources)["_run"] = ran
            return reached

    return Asked


def _connected(points: Points) -> Callable[..., AbstractAsyncContextManager[Bot]]:
    @asynccontextmanager
    async def connected(token: Callable[[], str], **how: Any) -> AsyncIterator[Bot]:
        """Calls of the Bot API are points, by method, but for those that only ask for updates."""
        async with connect(token, **how) as bot:
            once = bot.request.do_request

            async def pointed(url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
                method = url.partition("?")[0].rpartition("/")[2]
                if method == "getUpdates":
                    return await once(url, *args, **kwargs)
                undone, lost = NetworkError("refused"), TimedOut("no answer")
                ways = READ if method.startswith("get") else CHANGE
                async with points.passing(f"telegram {method}", undone, lost, ways):
                    return await once(url, *args, **kwargs)

            vars(bot.request)["do_request"] = pointed
            yield bot

    return connected


class _Registry(Endpoint):
    """A registry with points around what it is asked."""

    _points: Points

    def __init__(self, endpoint: Endpoint, points: Points) -> None:
        super().__init__(endpoint.base, endpoint.transport, endpoint.tokens)
        object.__setattr__(self, "_points", points)

    async def ask(self, where: Any, url: URL, headers: Any, *, method: str = "GET") -> Any:
        async with self._passing(url, method, whose("bot.images")):
            return await super().ask(where, url, headers, method=method)

    async def send(self, where: Any, url: URL, headers: Any, *, method: str, body: Any) -> Any:
        async with self._passing(url, method, whose("bot.images")):
            return await super().send(where, url, headers, method=method, body=body)

    def _passing(self, url: URL, method: str, who: str) -> AbstractAsyncContextManager[None]:
        """Of an upload the path ends with what nobody knows beforehand."""
        what = "uploads" if "uploads" in url.parts else url.parts[-2]
        name, ways = f"registry {method} {what}", CHANGE
        if method in ("GET", "HEAD"):
            name, ways = f"registry {what} for {who}", READ
        return self._points.passing(name, RegistryUnreachable("no answer"), ways=ways)


class _Builder:
    """A builder with points around what it does, and while it does it: what it started goes on when the bot dies."""

    def __init__(self, builder: Builder, points: Points) -> None:
        self.name = builder.name
        self.goes_on = builder.goes_on
        self._builder = builder
        self._points = points
        self._away = BuilderAway("It gave no answer.")

    async def missing(self) -> str:
        return await self._builder.missing()

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        def told(event: BuildEvent) -> None:
            if self._points.comes(f"builder tells {type(event).__name__}", DYING) is not None:
                die()
            tell(event)

        async with self._points.passing("builder build", self._away):
            return await self._builder.build(request, told)

    async def trim(self, most: int) -> None:
        async with self._points.passing("builder trim", self._away):
            await self._builder.trim(most)


class _Pointed(Connection):
    """A connection with points around its requests."""

    def __init__(self, connection: Connection, points: Points) -> None:
        vars(self).update(vars(connection))
        self._points = points

    async def answer(self, request: Request, timeout: float = 20.0, *, most: int | None = None) -> Answer:
        async with self._passing(request, request.method, whose("bot.cluster")):
            return await super().answer(request, timeout, most=most)

    @asynccontextmanager
    async def stream(self, request: Request, total: float) -> AsyncIterator[StreamReader]:
        async with (
            self._passing(request, "WATCH", whose("bot.cluster")),
            super().stream(request, total) as body,
        ):
            yield body

    def _passing(self, request: Request, verb: str, who: str) -> AbstractAsyncContextManager[None]:
        kind = _kind(request.path)
        name, ways = f"cluster {verb} {kind}", CHANGE
        if verb in ("GET", "WATCH") or kind == "selfsubjectaccessreviews":
            name, ways = f"{name} for {who}", READ
        return self._points.passing(name, ClusterUnreachable("no answer"), ways=ways)


def _kind(path: str) -> str:
    """What a path of the API is about, in the plural: "deployments"."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    within = parts[2:] if parts[:1] == ["namespaces"] and len(parts) > 2 else parts
    return within[0] if within else "kinds"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bot as `pilothouse run` does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--config", action="append", type=Path, required=True)
    paths = parser.parse_args(arguments).config
    return asyncio.run(run(paths, os.environ, outside(Points.of(os.environ))))


if __name__ == "__main__":
    sys.exit(main())
