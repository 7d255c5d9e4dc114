"""Worker processes and the pool that lends them out, one call to one worker at a time.

A worker is killed when its caller is cancelled or runs out of time, since nothing else stops a call into the
SDK; the next caller gets a new one. What a call means, and what a lost worker means for it, is left to
`client`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

from bot.helm import frames

log = structlog.get_logger(__name__)

_ENVIRONMENT = (
    "HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
)  # fmt: skip
"""All that a worker inherits: the bot's own environment holds its tokens."""

_OUT_OF_MEMORY = ("out of memory", "cannot allocate memory", "MemoryError", "failed to allocate")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]|[\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_LONGEST_LINE = 2000
_MOST_OF_A_CRASH = 20
"""Lines of a Go crash that are logged; it goes on for hundreds about every goroutine."""
_AS_LONG_AS_A_START = 0.3
"""Seconds that a call waits for a busy worker before one more is started, which takes about that time."""
REST = 300.0
"""Seconds without a call after which a pool ends its workers."""
_GRACE = 5.0
"""Seconds within which a killed process must be gone from the kernel."""


class WorkerDied(Exception):
    """The process ended during a call; `of_memory` when its last words say so."""

    def __init__(self, of_memory: bool) -> None:
        super().__init__(
            "the Helm worker ran out of memory" if of_memory else "the Helm worker ended unexpectedly"
        )
        self.of_memory = of_memory


class Failed(Exception):
    """The call ended with an error of the SDK: `kind` is its class name without `Helm`."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words


class Worker:
    """One process, its socket and the reader of its output; closed by `kill`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        mask: Callable[[str], str],
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._reader = reader
        self._writer = writer
        self._killed = False
        self._said_out_of_memory = False
        self._lines_of_crash = 0
        self._output = asyncio.create_task(self._listen(mask), name=f"helm worker {process.pid} output")

    @classmethod
    async def start(cls, python: str, memory: int, mask: Callable[[str], str]) -> Self:
        """Start a worker. Its argv[0] ends in `helm`: the SDK takes its field manager's name from there."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)  # a process without its socket ends by itself
            process = await asyncio.create_subprocess_exec(
                os.path.join(os.path.dirname(python), "helm"),
                *("-P", "-m", "bot.helm.worker", str(theirs.fileno()), str(os.getpid()), str(memory)),
                executable=python,
                pass_fds=(theirs.fileno(),),
                env=_environment(memory),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
            undo.pop_all()
        return cls(process, reader, writer, mask)

    @property
    def alive(self) -> bool:
        return not self._killed and self._process.returncode is None

    async def call(self, request: frames.Head, archive: bytes = b"") -> Any:
        """Send `request` and return its result. A caller that is cancelled must `kill` this worker.

        Raises: Failed, WorkerDied; FrameError for a request that is too large.
        """
        frame = frames.pack(request, archive)
        try:
            self._writer.write(frame)
            await self._writer.drain()
            answer, _ = await frames.read(self._reader)
        except (ConnectionError, frames.FrameError) as gone:
            of_memory = await self._ran_out_of_memory()
            await self.kill()
            raise WorkerDied(of_memory) from gone
        if "failure" in answer:
            raise Failed(answer["failure"], answer["words"])
        return answer["result"]

    async def kill(self) -> None:
        """End the process at once and wait until it is gone. Harmless when it is."""
        if self.alive:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
        self._writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
                await self._output
        self._output.cancel()

    async def _ran_out_of_memory(self) -> bool:
        """Whether a process that has just closed its socket died of its limit, or by the kernel's hand."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
                await self._output
        by_the_kernel = not self._killed and self._process.returncode == -signal.SIGKILL
        return self._said_out_of_memory or by_the_kernel

    async def _listen(self, mask: Callable[[str], str]) -> None:
        """Log what the process prints (client-go warns there); an unread pipe would stop it after 64 kB."""
        stream, rest = self._process.stdout, b""
        assert stream is not None
        while chunk := await stream.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._heard(line, mask)
            if len(rest) > _LONGEST_LINE:
                self._heard(rest, mask)
                rest = b""
        self._heard(rest, mask)

    def _heard(self, line: bytes, mask: Callable[[str], str]) -> None:
        text = _UNPRINTABLE.sub("�", line[:_LONGEST_LINE].decode(errors="replace")).strip()
        if text:
            self._said_out_of_memory |= any(words in text for words in _OUT_OF_MEMORY)
            self._lines_of_crash += self._lines_of_crash > 0 or text.startswith(("fatal error:", "panic:"))
            if self._lines_of_crash <= _MOST_OF_A_CRASH:
                log.info("helm worker", pid=self.pid, said=mask(text))


class Pool:
    """At most `size` workers, started when first needed; `idle` of them are kept between calls.

    Most calls take milliseconds: who finds all workers busy waits for about as long as one more takes to start. When
    nothing was asked of the pool for a while all of them end: each takes 35 MB, and more of its own.
    """

    def __init__(
        self,
        size: int,
        *,
        idle: int,
        memory: int,
        mask: Callable[[str], str],
        python: str = sys.executable,
        rest: float = REST,
    ) -> None:
        """`rest` is how many seconds that while is."""
        self._slots = asyncio.Semaphore(size)
        self._idle_limit = idle
        self._rest = rest
        self._resting: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._starting = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._memory = memory
        self._mask = mask
        self._python = python
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._resting is not None:
            self._resting.cancel()
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(worker.kill() for worker in workers), *self._ending)

    async def call(self, request: frames.Head, archive: bytes = b"", *, timeout: float) -> Any:
        """Lend a worker to one call of at most `timeout` seconds, waiting for a free one not included.

        Raises: Failed, WorkerDied (also when the pool closes meanwhile), TimeoutError (the worker was killed),
            FrameError (too large).
        """
        async with self._slots:
            worker = await self._take()
            self._busy.add(worker)
            try:
                async with asyncio.timeout(timeout):
                    return await worker.call(request, archive)
            except (asyncio.CancelledError, TimeoutError):
                await _surely(worker.kill())
                raise
            finally:
                self._busy.discard(worker)
                await self._give_back(worker)

    async def _take(self) -> Worker:
        await self._rather_a_busy_one()
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await worker.kill()
        if self._closed:
            raise WorkerDied(of_memory=False)
        self._starting += 1
        try:
            worker = await Worker.start(self._python, self._memory, self._mask)
        finally:
            self._starting -= 1
            self._tell()
        if self._closed:  # while it started, so that closing could not see it
            await _surely(worker.kill())
            raise WorkerDied(of_memory=False)
        return worker

    async def _rather_a_busy_one(self) -> None:
        """Wait for a worker that starts already, then for as long as a start takes for one that is busy."""
        if self._starting and not self._idle:
            await self._news(None)
        now = asyncio.get_running_loop().time
        until = now() + _AS_LONG_AS_A_START
        while self._busy and not self._idle and (left := until - now()) > 0:
            await self._news(left)

    async def _give_back(self, worker: Worker) -> None:
        wanted = len(self._idle) < max(self._idle_limit, len(self._waiting))
        if not self._closed and worker.alive and wanted:
            self._idle.append(worker)
            self._tell()
            self._rest_later()
        else:
            await _surely(worker.kill())

    def _rest_later(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        self._resting = asyncio.get_running_loop().call_later(self._rest, self._go_to_rest)

    def _go_to_rest(self) -> None:
        """End the workers: there was nothing to do."""
        ended, self._idle = self._idle, []
        for worker in ended:
            task = asyncio.create_task(worker.kill(), name=f"helm worker {worker.pid} ends")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _news(self, seconds: float | None) -> None:
        """Return when a worker has started or came back, at the latest after so many seconds."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(told)
        try:
            await asyncio.wait((told,), timeout=seconds)
        finally:
            self._waiting.remove(told)

    def _tell(self) -> None:
        for each in self._waiting:
            if not each.done():
                each.set_result(None)


async def _surely(ending: Any) -> None:
    """Finish `ending` although the caller is being cancelled, then let the cancellation go on."""
    task = asyncio.ensure_future(ending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _environment(memory: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "GOMEMLIMIT": str(memory * 3 // 4),  # collect harder before the limit: only true need dies of it
    }
