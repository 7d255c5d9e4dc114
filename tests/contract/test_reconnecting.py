"""The bot's own watch when the connection to the API server is cut: what it says, and that it misses nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.cluster.watching import WatchEvent
from tests.contract import objects
from tests.contract.asking import Both, Side

MAPS = "v1/configmaps"


class Road:
    """A way to a server that can be cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._travelling: set[asyncio.Task[None]] = set()
        self.port = 0
        self.closed = False

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with await asyncio.start_server(self._carry, "127.0.0.1") as listening:
            self.port = listening.sockets[0].getsockname()[1]
            try:
                yield
            finally:
                self.cut()

    def cut(self) -> None:
        """Break off every connection there is."""
        for task in self._travelling:
            task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._travelling.add(task)
        try:
            if self.closed:
                return
            ahead, back = await asyncio.open_connection(*self._server)
            async with contextlib.AsyncExitStack() as stack:
                stack.callback(back.close)
                async with asyncio.TaskGroup() as both_ways:
                    both_ways.create_task(_pour(reader, back))
                    both_ways.create_task(_pour(ahead, writer))
        except (asyncio.CancelledError, OSError, ExceptionGroup):
            pass
        finally:
            self._travelling.discard(task)
            writer.transport.abort()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


@contextlib.asynccontextmanager
async def by_road(side: Side, folder: Path) -> AsyncIterator[tuple[Road, Cluster]]:
    """A client of ours whose connections can be cut."""
    server = urlsplit(side.url)
    assert server.hostname is not None
    assert server.port is not None
    road = Road(server.hostname, server.port)
    async with road.open():
        kubeconfig = folder / side.name
        kubeconfig.write_text(side.kubeconfig.read_text().replace(f":{server.port}", f":{road.port}"))
        async with Cluster(ClusterAccess(kubeconfig)) as cluster:
            yield road, cluster


async def taken(watch: Any, until: str) -> list[WatchEvent]:
    found: list[WatchEvent] = []
    async with asyncio.timeout(60):
        async for event in watch:
            found.append(event)
            if event.type == until:
                break
    return found


async def test_a_cut_watch_says_so_and_goes_on_with_what_was_missed(both: Both, tmp_path: Path) -> None:
    async def watched(side: Side) -> list[Any]:
        async with by_road(side, tmp_path) as (road, cluster):
            await side.create(MAPS, labelled("a"))
            watch = cluster.watch("v1", "ConfigMap", side.namespace, labels="kind=own")
            async with contextlib.aclosing(watch):
                found = await taken(watch, "SYNCED")
                following = asyncio.ensure_future(anext(watch))
                await side.create(MAPS, labelled("b"))
                found.append(await following)
                road.closed = True
                road.cut()
                found += await taken(watch, "LOST")
                await side.create(MAPS, labelled("c"))
                await side.delete(f"{MAPS}/a")
                road.closed = False
                found += await taken(watch, "DELETED")
            return [(event.type, event.object.get("metadata", {}).get("name")) for event in found]

    events = await both.agree(watched)
    assert [event[0] for event in events] == ["ADDED", "SYNCED", "ADDED", "LOST", "BACK", "ADDED", "DELETED"]


def labelled(name: str) -> dict[str, Any]:
    body = objects.config_map(name)
    body["metadata"]["labels"] = {"kind": "own"}
    return body
