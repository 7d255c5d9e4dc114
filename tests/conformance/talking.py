"""A bot that is a process of its own: calls go to it as JSON lines, what its library says comes back.

The libraries live in `.venv-conformance`, which `scripts/conformance` makes from `requirements/conformance.txt`: one
of them needs an older pydantic than the bot.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.conformance.clients.lines import LINE, SEEN, Refused

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-conformance" / "bin" / "python"
INSTALL = "scripts/conformance"
_PATIENCE = 60.0  # seconds for a library to be imported and answer on a machine at work


class Bot:
    """The bot's process, as the test speaks with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._heard: dict[str, asyncio.Queue[dict[str, Any]]] = {kind: asyncio.Queue() for kind in SEEN}
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def listen(self) -> None:
        """Sort what the process says, until it says no more."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "heard" in said:
                self._heard[said["heard"]].put_nowait(said["seen"])
            else:
                self._answers.put_nowait(said)
        self._answers.put_nowait({"failed": "The bot's process has ended"})

    async def ready(self) -> None:
        assert (await self._answer()) == {"ready": True}

    async def call(self, name: str, /, *see: str, **fields: Any) -> Any:
        """Call a method; what `see` names of the result, or what is looked at in a message. Raises: Refused."""
        command = {"call": name, "with": fields, "see": see or SEEN["message"]}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        answer = await self._answer()
        if "refused" in answer:
            raise Refused(**answer["refused"])
        assert "failed" not in answer, f"{name}: {answer['failed']}"
        return answer["result"]

    async def download(self, file_id: str) -> bytes:
        return b64decode(await self.call("download", file_id=file_id))

    async def refusal(self, name: str, /, **fields: Any) -> Refused:
        """How a call is refused."""
        try:
            result = await self.call(name, **fields)
        except Refused as refused:
            return refused
        raise AssertionError(f"{name} was not refused: {result}")

    async def hears(self, kind: str) -> dict[str, Any]:
        """The next update of this kind; the libraries keep the order within a kind alone."""
        return await asyncio.wait_for(self._heard[kind].get(), _PATIENCE)

    def unasked(self) -> dict[str, list[dict[str, Any]]]:
        """What was heard beside what the conversation told of."""
        return {
            kind: [queue.get_nowait() for _ in range(queue.qsize())] for kind, queue in self._heard.items()
        }

    async def _answer(self) -> dict[str, Any]:
        return await asyncio.wait_for(self._answers.get(), _PATIENCE)


@asynccontextmanager
async def started(library: str, url: str, token: str, *, webhook: bool) -> AsyncIterator[Bot]:
    """The bot in this library, listening; killed at the end, since one of them takes seconds to stop in good order."""
    port = [str(free_port())] if webhook else []
    process = await asyncio.create_subprocess_exec(
        str(PYTHON),
        "-m",
        f"tests.conformance.clients.with_{library}",
        url,
        token,
        *port,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PTB_TIMEDELTA": "true"},
        limit=LINE,
    )
    bot = Bot(process)
    listening = asyncio.create_task(bot.listen())
    try:
        await bot.ready()
        yield bot
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def a(kind: str, **fields: Any) -> dict[str, Any]:
    """An object of the client library's own."""
    return {"a": kind, **fields}


def file(name: str, content: bytes) -> Mapping[str, str]:
    """Something to upload."""
    return {"file": name, "content": b64encode(content).decode()}
