"""One control plane for all workers of a test run: it lives as long as one of them holds a connection to its keeper.

The keeper plays its nodes as well: images behave as their tags end (`-crash`, `-oom`, `-slow`, `-broken`), and
those that end in `-missing` do not exist. Jobs of builds do what tests/builds/played.py says.
A worker that crashes lets go of its connection as well, so nothing is left behind however a run ends.
"""

import asyncio
import fcntl
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.sandbox.kubernetes.behaviour import Pace, behaviour_by_tag, exists_by_tag
from bot.sandbox.nodes import PlayedNodes
from tests.builds.played import build_task
from tests.control_plane.building import found
from tests.control_plane.running import ControlPlane, control_plane
from tests.daemons import DidNotStart

_FIRST = 30.0
"""Seconds that the keeper waits for the first worker to come."""

_PACE = Pace(pull=0.1, start=0.1, ready=0.2, crash=0.2, job=0.2, terminate=0.1)
"""Quick, but with every state for long enough that somebody may see it."""


@contextmanager
def shared(folder: Path) -> Iterator[ControlPlane]:
    """The control plane that is kept in `folder`, started by whoever comes first.

    Raises: Unavailable, DidNotStart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = _held(folder) or _begun(folder)
    with held:
        told = json.loads((folder / "running.json").read_text())
        programs = {name: Path(path) for name, path in told["programs"].items()}
        yield ControlPlane(Path(told["folder"]), told["url"], programs)


def _held(folder: Path) -> socket.socket | None:
    """A connection to the keeper; None where there is none, or not any more."""
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(str(folder / "keeper"))
        if client.recv(1):
            return client
    except OSError:
        pass
    client.close()
    return None


def _begun(folder: Path) -> socket.socket:
    found()
    with (folder / "keeper.log").open("ab") as words:
        keeper = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=True,  # it outlives this worker where others still use it
        )
        assert keeper.stdout is not None
        with keeper.stdout as answer:
            answer.readline()
    held = _held(folder)
    if held is None:
        raise DidNotStart((folder / "keeper.log").read_text(errors="replace"))
    return held


async def _keep(folder: Path) -> None:
    """Keep a control plane until nobody holds a connection any more."""
    with control_plane(found(), folder / "plane") as plane:
        told = {
            "folder": str(plane.folder),
            "url": plane.url,
            "programs": {name: str(path) for name, path in plane.programs.items()},
        }
        (folder / "running.json").write_text(json.dumps(told))
        async with PlayedNodes(
            plane.kubeconfig,
            behaviour=behaviour_by_tag,
            image_exists=exists_by_tag,
            pace=_PACE,
            tasks=build_task,
        ):
            await _until_nobody_holds_it(folder / "keeper")


async def _until_nobody_holds_it(path: Path) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    holders: set[asyncio.StreamWriter] = set()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        holders.add(writer)
        writer.write(b"+")
        try:
            await reader.read()
        finally:
            holders.discard(writer)
            writer.close()
            if not holders:
                ended.set()

    path.unlink(missing_ok=True)
    async with await asyncio.start_unix_server(hold, path):
        print("ready", flush=True)  # the worker that started us waits for this
        first = loop.call_later(_FIRST, lambda: None if holders else ended.set())
        await ended.wait()
        first.cancel()
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    asyncio.run(_keep(Path(sys.argv[1])))
