"""An instruction of a build that waits for its test: no sleep is too short or too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST = 300.0
"""Seconds that something may take: that is for a machine with more to do."""


class Gate:
    """What an instruction that has the machine's network comes to, and waits at."""

    def __init__(self) -> None:
        self.command = ""
        """What it is to run, with busybox in its PATH."""
        self._writers: list[asyncio.StreamWriter] = []
        self._reached = asyncio.Event()
        self._left = asyncio.Event()

    async def reached(self) -> None:
        """Wait until the instruction is here."""
        async with asyncio.timeout(LONGEST):
            await self._reached.wait()

    def open(self) -> None:
        """Let it go on."""
        for writer in self._writers:
            writer.close()

    async def left(self) -> None:
        """Wait until the instruction that was here has ended, whoever ended it."""
        async with asyncio.timeout(LONGEST):
            await self._left.wait()

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one that comes: it says nothing until it ends."""
        self._writers.append(writer)
        self._reached.set()
        await reader.read()
        self._left.set()
        writer.close()


@asynccontextmanager
async def gate() -> AsyncIterator[Gate]:
    """One that is shut."""
    opened = Gate()
    async with await asyncio.start_server(opened.hold, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        # What it reads from has a writer, so that it waits for our end of the connection alone.
        opened.command = f"mkfifo /gate && nc 127.0.0.1 {port} <>/gate"
        yield opened
        opened.open()
