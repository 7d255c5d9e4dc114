"""A server that builds knock at while they run, so that how many run at once is seen from outside of the bot."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Door:
    """Lets whoever knocks wait for so many seconds; who was told to stay out does so for ever, the first time."""

    port: int = 0
    seconds: float = 0.0
    most: int = 0
    """Builds that stood there at once."""
    kept_out: set[str] = field(default_factory=set)
    _inside: int = 0
    _came: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    _times: Counter[str] = field(default_factory=Counter)

    async def came(self, name: str) -> None:
        """Wait until somebody of that name has knocked."""
        await self._came[name].wait()

    async def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one knock, by HTTP."""
        request = await reader.readuntil(b"\r\n\r\n")
        name = request.split()[1].decode().strip("/")
        self._times[name] += 1
        self._came[name].set()
        try:
            if name in self.kept_out and self._times[name] == 1:
                await reader.read()  # until it is ended
                return
            self._inside += 1
            self.most = max(self.most, self._inside)
            await asyncio.sleep(self.seconds)
            self._inside -= 1
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    """One that is there until the block ends."""
    made = Door()
    async with await asyncio.start_server(made.met, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
