"""Servers that tests start as processes: each dies with the one that started it, however that ends."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

_START = 90.0
"""Seconds within which a server must be up: it takes five where nothing else is going on."""
_STOP = 15.0
_LOOK_AGAIN = 0.05


class DidNotStart(Exception):
    """A server ended or is not up in time; the message has its last words."""


@contextmanager
def daemon(
    program: Path,
    arguments: Sequence[str],
    folder: Path,
    *,
    within: Sequence[str] = (),
    ended_by: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs in `folder`, where its words go into a log, until the block ends.

    `within` is a command that starts it, such as `unshare` with its options; that is what gets the signal.
    """
    with (folder / f"{program.name}.log").open("ab") as words:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *within, str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            cwd=folder,
            process_group=0,  # Ctrl-C is for the tests; they end us in order
        )
    try:
        yield process
    finally:
        process.send_signal(ended_by)
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serving(
    stack: ExitStack,
    program: Path,
    arguments: Callable[[int], Sequence[str]],
    folder: Path,
    is_up: Callable[[int], bool],
    *,
    within: Sequence[str] = (),
    ended_by: signal.Signals = signal.SIGTERM,
) -> int:
    """Start a server on a free port, on another one where that was taken before it listened; returns the port.

    It ends with the stack. Raises: DidNotStart.
    """
    for last in (False, False, True):
        port = free_port()
        with ExitStack() as attempt:
            started = daemon(program, arguments(port), folder, within=within, ended_by=ended_by)
            process = attempt.enter_context(started)
            try:
                until(partial(is_up, port), f"{program.name} is not up", folder, process=process)
            except DidNotStart:
                if last or process.poll() is None:
                    raise
                continue
            stack.push(attempt.pop_all())
            return port
    raise AssertionError("the last attempt returns or raises")


def until(
    is_so: Callable[[], bool], otherwise: str, folder: Path, *, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Wait until it is so; `process` must live on meanwhile.

    Raises: DidNotStart with `otherwise` and the last words of the logs in `folder`.
    """
    deadline = time.monotonic() + _START
    while not is_so():
        if (process is not None and process.poll() is not None) or time.monotonic() > deadline:
            raise DidNotStart(f"{otherwise}; its words are in {folder}:\n{_last_words(folder)}")
        time.sleep(_LOOK_AGAIN)


def _last_words(folder: Path) -> str:
    logs = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
    return "\n".join(
        line for path in logs[-2:] for line in path.read_text(errors="replace").splitlines()[-8:]
    )


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on this port of loopback."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
