"""Running other programs: arguments as a list, no shell, an environment that is named whole, bounded output, and
an end for every run.

What may be read by others on the machine (arguments, the environment) holds no secret: those go in by stdin, or by
a file in memory that the program inherits. Which programs are run, and what their words mean, is the callers'.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 16 * 2**20
"""Bytes of output that are read of one run: git lists a hundred thousand tags in about 8 MB."""

_CHUNK = 2**16
_LINE_END = re.compile(rb"\r\n|\n|\r")
_GRACE = 2.0
"""Seconds that a program has to clean up when it is ended early."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended."""

    status: int
    output: bytes = field(repr=False)
    words: str = field(repr=False)
    """What it wrote to stderr."""


class OutOfTime(Exception):
    """The run was ended because it took too long."""


class TooMuch(Exception):
    """The run was ended because it wrote more than was allowed."""


async def run(
    program: str,
    *arguments: str,
    environment: Mapping[str, str],
    seconds: float,
    folder: Path,
    stdin: bytes | None = None,
    inherits: Collection[int] = (),
    largest: int = LARGEST,
) -> Finished:
    """Run `program` in `folder` and wait for its end; its whole process group ends when we are cancelled.

    `environment` is all it gets, `inherits` are descriptors that stay open in it, `largest` bounds the bytes of
    stdout and of stderr.

    Raises: OutOfTime, TooMuch, OSError when there is no such program.
    """
    async with _started(program, arguments, environment, folder, stdin is not None, inherits) as process:
        try:
            async with asyncio.timeout(seconds):
                output, words = await _talk(process, stdin, largest)
                return Finished(await process.wait(), output, words.decode(errors="replace"))
        except TimeoutError as error:
            raise OutOfTime from error


async def follow(
    program: str,
    *arguments: str,
    environment: Mapping[str, str],
    seconds: float,
    folder: Path,
    tell: Callable[[Sequence[str]], None],
    inherits: Collection[int] = (),
) -> int:
    """Run `program` as `run` does, and `tell` the lines it writes as they come; its exit status.

    Both streams are told together, in the order in which they are read. A line that does not end is told in parts.
    Raises: OutOfTime, OSError when there is no such program.
    """
    async with _started(program, arguments, environment, folder, False, inherits) as process:
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for stream in (process.stdout, process.stderr):
                    assert stream is not None
                    group.create_task(_tell_lines(stream, tell))
            return await process.wait()
        except TimeoutError as error:
            raise OutOfTime from error


async def _tell_lines(stream: asyncio.StreamReader, tell: Callable[[Sequence[str]], None]) -> None:
    """What a program writes, in whole lines; a bar that is drawn again and again counts as lines."""
    rest = b""
    while chunk := await stream.read(_CHUNK):
        *whole, rest = _LINE_END.split(rest + chunk)
        if len(rest) > _CHUNK:
            whole, rest = [*whole, rest], b""
        if whole:
            tell([line.decode(errors="replace") for line in whole])
    if rest:
        tell([rest.decode(errors="replace")])


@contextlib.contextmanager
def in_memory(name: str, content: bytes) -> Iterator[int]:
    """A file that is on no disk and has no path of its own: a program that inherits it reads `/dev/fd/<number>`."""
    with os.fdopen(os.memfd_create(name), "wb") as file:
        file.write(content)
        file.flush()
        yield file.fileno()


@contextlib.asynccontextmanager
async def _started(
    program: str,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    listens: bool,
    inherits: Collection[int],
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.PIPE if listens else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=folder,
        pass_fds=tuple(inherits),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group: children may outlive their parent. Asked first, git takes its lock files away."""
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    await _close(process)


async def _close(process: asyncio.subprocess.Process) -> None:
    """Let go of the pipes: a run that ended early left something in them, and asyncio keeps them open until then."""
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):  # one that left the group may hold them open
        async with asyncio.timeout(_GRACE):
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(_CHUNK):
                    pass


async def _talk(
    process: asyncio.subprocess.Process, stdin: bytes | None, largest: int
) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.TaskGroup() as group:
            output = group.create_task(_all(process.stdout, largest))
            words = group.create_task(_all(process.stderr, largest))
            if stdin is not None:
                group.create_task(_tell(process, stdin))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return output.result(), words.result()


async def _tell(process: asyncio.subprocess.Process, text: bytes) -> None:
    """Write to a program that may end before it has read everything: what it said then tells why."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text)
        await process.stdin.drain()
    process.stdin.close()


async def _all(stream: asyncio.StreamReader, largest: int) -> bytes:
    read = bytearray()
    while chunk := await stream.read(_CHUNK):
        read += chunk
        if len(read) > largest:
            raise TooMuch
    return bytes(read)
