"""A PostgreSQL server of our own for the tests: a private cluster in a temporary folder, from Debian's package."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALL = "apt-get install -y postgresql"


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl; None where the package is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    plain = shutil.which("initdb")
    return Path(plain).resolve().parent if plain else None


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server that trusts this machine; the URL of its `postgres` database."""
    data, port = Path(tempfile.mkdtemp(prefix="pilothouse-pg-")), _free_port()
    try:
        if os.geteuid() == 0:
            os.chown(data, pwd.getpwnam("postgres").pw_uid, -1)
        _run(folder / "initdb", "-D", data / "data", "-A", "trust", "-U", "postgres", "--no-sync")
        options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(
            folder / "pg_ctl",
            "-D",
            data / "data",
            "-w",
            "-t",
            "60",
            "-l",
            data / "log",
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(folder / "pg_ctl", "-D", data / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _run(*command: object) -> None:
    """Run as the user postgres where we are root, which the server refuses to be."""
    user = "postgres" if os.geteuid() == 0 else None
    words = [str(word) for word in command]
    subprocess.run(words, user=user, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=300)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
