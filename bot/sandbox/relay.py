"""A way to a server that can be closed for a while: so a real cluster goes away for the bot, and for nobody else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

_CHUNK: Final = 64 * 1024


class Relay:
    """Passes connections to a port of this machine on to a server; an async context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self.port = 0
        """Where it listens, on loopback."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._returning: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stay()
        await self._close()

    @property
    def is_down(self) -> bool:
        """Whether connections are refused."""
        return self._server is None

    async def down(self, seconds: float | None) -> None:
        """Cut the connections, and refuse new ones for so long (None: until `up`, 0: not at all).

        Returns once it is down.
        """
        await self._stay()
        await self._close()
        if seconds is None:
            return
        if seconds > 0:
            self._returning = asyncio.create_task(self._return(seconds))
        else:
            await self._listen()

    async def up(self) -> None:
        """Pass connections on again, whatever `down` said; nothing where it does."""
        await self._stay()
        if self.is_down:
            await self._listen()

    async def _stay(self) -> None:
        """Forget a return that is planned."""
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
            self._returning = None

    async def _return(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._pass_on(reader, writer)
        finally:
            writer.transport.abort()
            self._open.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, back))
                group.create_task(_pump(there, writer))
        except* OSError:
            pass  # either end has gone, and the other one with it
        finally:
            back.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
    else:
        sink.close()
