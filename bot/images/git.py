"""Running git as a child process: arguments as a list, no shell, no prompts, no hooks, no configuration of
this machine, and an end for every run.

Secrets (the header that logs us in, a proxy with a password) never stand in arguments or the environment,
which others on the machine can read, nor on a disk: git reads them as its global configuration from a
descriptor that it inherits (threats.md, rows 9, 10, 24 and 25; Linux only, by memfd_create). What is asked
of git, and what its words mean, is left to `source`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 16 * 2**20
"""Bytes of output that are read of one run: a hundred thousand tags have about 8 MB."""
_CHUNK = 2**16
_GRACE = 2.0
"""Seconds that git has to clean up when it is ended early."""
_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("credential.helper", ""),
    ("http.followRedirects", "false"),  # a redirect may lead into our own network (threats.md, row 26)
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "20"),
    ("gc.autoDetach", "false"),  # else the tidying would outlive its process group
    ("fetch.recurseSubmodules", "false"),
)


@dataclass(frozen=True, slots=True)
class Login:
    """Name and password for one https origin ("https://git.example.org"). Its text shows neither."""

    origin: str
    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run of git ended."""

    status: int
    output: bytes
    words: str
    """What it wrote to stderr."""


class OutOfTime(Exception):
    """The run was ended because it took too long."""


class TooMuch(Exception):
    """The run was ended because it wrote more than `LARGEST`."""


class Git:
    """One way of running git: where, how long, and through which proxy and authorities.

    `home` is a folder without configuration, `seconds` the longest that a run may take, `protocol` the one
    way by which git may reach others.
    """

    def __init__(
        self,
        home: Path,
        *,
        seconds: float,
        protocol: str,
        proxy: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._home = home
        self._seconds = seconds
        self._protocol = protocol
        self._proxy = proxy
        self._ca_file = ca_file

    async def run(self, *arguments: str, login: Login | None = None) -> Finished:
        """Run git with `arguments` and wait for its end; its whole process group ends when we are cancelled.

        Raises: OutOfTime, TooMuch, OSError when there is no git.
        """
        with _configuration(login, self._proxy) as descriptor:
            async with self._started(arguments, descriptor) as process:
                try:
                    async with asyncio.timeout(self._seconds):
                        output, words = await _read(process)
                        return Finished(await process.wait(), output, words.decode(errors="replace"))
                except TimeoutError as error:
                    raise OutOfTime from error

    @contextlib.asynccontextmanager
    async def _started(
        self, arguments: tuple[str, ...], descriptor: int
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(descriptor),
            cwd=self._home,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            await _end(process)

    def _environment(self, descriptor: int) -> Mapping[str, str]:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._home),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": f"/dev/fd/{descriptor}",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",  # answers with nothing, at once
            "GIT_ALLOW_PROTOCOL": self._protocol,
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10",
            "GIT_SSH_VARIANT": "ssh",
        }
        if agent := os.environ.get("SSH_AUTH_SOCK"):
            environment["SSH_AUTH_SOCK"] = agent
        if self._ca_file is not None:
            environment["GIT_SSL_CAINFO"] = str(self._ca_file.absolute())
        environment["GIT_CONFIG_COUNT"] = str(len(_SETTINGS))
        for number, (key, value) in enumerate(_SETTINGS):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


@contextlib.contextmanager
def _configuration(login: Login | None, proxy: str | None) -> Iterator[int]:
    """A file in memory, without a name, with the secret part of git's configuration."""
    lines = []
    if proxy is not None:
        lines += ["[http]", f"proxy = {_quoted(proxy)}"]
    if login is not None:
        pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        lines += [f"[http {_quoted(login.origin + '/')}]", f"extraHeader = Authorization: Basic {pair}"]
    with os.fdopen(os.memfd_create("git-configuration"), "wb") as file:
        file.write("\n".join(lines).encode())
        file.flush()
        yield file.fileno()


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group: git's transports may outlive it. Asked first, git takes its lock files away."""
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _read(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.TaskGroup() as group:
            output = group.create_task(_all(process.stdout))
            words = group.create_task(_all(process.stderr))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return output.result(), words.result()


async def _all(stream: asyncio.StreamReader) -> bytes:
    read = bytearray()
    while chunk := await stream.read(_CHUNK):
        read += chunk
        if len(read) > LARGEST:
            raise TooMuch
    return bytes(read)
