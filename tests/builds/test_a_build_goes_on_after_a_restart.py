"""A build that its bot did not see to the end is begun again by the next one, in the same message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.builds.conftest import CONFIG
from tests.builds.repositories import shop
from tests.installed import open_world
from tests.programs import needed
from tests.worlds import QUICK, SETTLING, open_bot

DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "wget", "-q", "-O", "/answer", "http://127.0.0.1:{port}/"]
"""


class Door:
    """A server that lets the first who asks wait for ever, and answers all others."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if self.asked.is_set():
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
            writer.close()
        self.asked.set()


@asynccontextmanager
async def opened(door: Door) -> AsyncIterator[int]:
    server = await asyncio.start_server(door.met, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_build_is_begun_again_and_told_once(tmp_path: Path) -> None:
    needed("buildah")
    repository, door = shop(tmp_path / "git" / "shop"), Door()
    laid_over = tmp_path / "extra.yaml"
    laid_over.write_text(CONFIG.format(git=repository.url))
    async with opened(door) as port, open_world(tmp_path, pace=QUICK) as sandbox:
        repository.commit({"Dockerfile": DOCKERFILE.format(port=port)}, "Ask at the door")
        async with open_bot(sandbox, SETTLING, laid_over) as world:
            world.lee.says("/build shop main")
            begun = await world.sees("🔄 build shop main")
            await door.asked.wait()
        async with open_bot(sandbox, SETTLING, laid_over) as world:
            done = await world.sees("✅ build shop main · ")
            assert done.id == begun.id
            told = [each for each in world.news() if "build shop main" in each.text]
            assert [each.id for each in told] == [done.id]
