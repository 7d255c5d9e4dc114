"""The bot with points at which it can be killed: `python -m tests.crash.bot run --config F ...`.

It is the same bot: `bot.lifetime` runs it, and the composition root is handed adaptors that are wrapped here, once,
so that whatever comes to do more outside the process passes points as well.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import NetworkError, TimedOut

from bot.access import ClusterAccess, Identity
from bot.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.cluster.connection import Answer, Connection, Request
from bot.cluster.errors import ClusterUnreachable
from bot.helm import errors as helm
from bot.helm.client import Helm
from bot.helm.releases import Location
from bot.lifetime import run
from bot.outside import Outside
from bot.store.database import Database
from bot.telegram.transport import Bot, connect
from tests.crash.points import Points, Way, whose


def outside(points: Points) -> Outside:
    """Everything that reaches out of the process, with points around it."""
    return Outside(
        database=_journal(points),
        helm=_releases(points),
        clusters=_reached(points),
        connect=_connected(points),
    )


def _journal(points: Points) -> type[Database]:
    class Journal(Database):
        """Commits are points, by the function that writes."""

        @asynccontextmanager
        async def write(self) -> AsyncIterator[AsyncSession]:
            name = f"store {whose('bot.store')}"
            locked = OperationalError("COMMIT", None, Exception("database is locked"))
            error = locked if _is_undone(points) else None
            async with points.passing(name, error), super().write() as session:
                yield session

    return Journal


def _releases(points: Points) -> type[Helm]:
    class Releases(Helm):
        """Calls of Helm are points, by what is done."""

        async def _read(self, request: dict[str, Any], timeout: float) -> Any:
            async with points.passing(f"helm {request['do']}", helm.ClusterUnreachable("no answer")):
                return await super()._read(request, timeout)

        async def _write(
            self,
            request: dict[str, Any],
            at: Location,
            as_: Identity | None,
            timeout: float,
            archive: bytes = b"",
        ) -> Any:
            error: helm.HelmError = helm.OutcomeUnknown("cut short")
            if _is_undone(points):
                error = helm.ClusterUnreachable("no answer")
            async with points.passing(f"helm {request['do']}", error):
                return await super()._write(request, at, as_, timeout, archive)

    return Releases


def _reached(points: Points) -> type[Clusters]:
    class Reached(Clusters):
        """Requests that change a cluster are points, by verb and kind."""

        async def at(self, access: ClusterAccess) -> Cluster:
            cluster = await super().at(access)
            connection = cluster._connection
            if not isinstance(connection, _Pointed):
                pointed = _Pointed(connection, points)
                cluster._connection = cluster._discovery._connection = pointed
            return cluster

    return Reached


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
                error = NetworkError("refused") if _is_undone(points) else TimedOut("no answer")
                async with points.passing(f"telegram {method}", error):
                    return await once(url, *args, **kwargs)

            vars(bot.request)["do_request"] = pointed
            yield bot

    return connected


def _is_undone(points: Points) -> bool:
    return points.fatal is not None and points.fatal.way is Way.UNDONE


class _Pointed(Connection):
    """A connection with points around its requests; streams are left as they are."""

    def __init__(self, connection: Connection, points: Points) -> None:
        vars(self).update(vars(connection))
        self._points = points

    async def answer(self, request: Request, timeout: float = 20.0, *, most: int | None = None) -> Answer:
        kind = [part for part in request.path.split("/") if part][-2:]
        name = f"cluster {request.method} {kind[0] if request.method in ('PUT', 'PATCH', 'DELETE') else kind[-1]}"
        if request.method == "GET":
            return await super().answer(request, timeout, most=most)
        async with self._points.passing(name, ClusterUnreachable("no answer")):
            return await super().answer(request, timeout, most=most)


def main() -> int:
    """Run the bot as `pilothouse run` does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--config", action="append", type=Path, required=True)
    paths = parser.parse_args().config
    return asyncio.run(run(paths, os.environ, outside(Points.of(os.environ))))


if __name__ == "__main__":
    sys.exit(main())
