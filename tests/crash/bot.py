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
from bot.images.errors import RegistryUnreachable, SourceUnreachable
from bot.lifetime import run
from bot.outside import Outside
from bot.store.database import Database
from bot.telegram.transport import Bot, connect
from tests.crash.points import CHANGE, COMMIT, READ, Points, Way, die, whose


def outside(points: Points) -> Outside:
    """Everything that reaches out of the process, with points around it."""
    return Outside(
        database=_journal(points),
        helm=_releases(points),
        clusters=_reached(points),
        images=_asked(points),
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
            ask, run = reached.registries._ask, reached.sources._run

            async def asked(registry: Any, where: Any, url: URL, **how: Any) -> Any:
                name = f"registry {url.parts[-2]} for {whose('bot.images')}"
                async with points.passing(name, RegistryUnreachable("no answer"), ways=READ):
                    return await ask(registry, where, url, **how)

            async def ran(address: Any, *arguments: str, **how: Any) -> Any:
                verb = next((each for each in arguments if each in ("fetch", "ls-remote")), None)
                if verb is None:  # it reads the mirror on this machine
                    return await run(address, *arguments, **how)
                name = f"git {verb} for {whose('bot.images')}"
                async with points.passing(name, SourceUnreachable("no answer"), ways=READ):
                    return await run(address, *arguments, **how)

            vars(reached.registries)["_ask"] = asked
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
