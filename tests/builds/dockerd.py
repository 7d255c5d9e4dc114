"""Debian's dockerd with a containerd of its own, as a process of the tests: nothing of the machine's is touched."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.control_plane.certificates import Authority
from tests.daemons import DidNotStart, daemon, free_port, until
from tests.programs import lacking

_APART = (
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--",
)
"""Whatever it has started or mounted goes with it, however it ends."""


@dataclass(frozen=True)
class Dockerd:
    """A daemon that runs. Everything of it is in `folder`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        """Where it listens without TLS."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def far_host(self) -> str:
        """Where it listens with TLS: it and its clients know each other by `ca.crt`, clients have `client.crt`."""
        return f"tcp://127.0.0.1:{self.port}"


@contextmanager
def running() -> Iterator[Dockerd]:
    """A daemon that ends with the block. Instructions it runs have no network."""
    program = shutil.which("dockerd")
    if program is None:
        lacking("needs dockerd: apt-get install docker.io")
    if os.geteuid() != 0:
        lacking("needs root, as dockerd does")
    folder = Path(tempfile.mkdtemp(prefix="dockerd-"))  # short: its sockets' paths may have 108 characters
    _write_certificates(folder)
    port = free_port()
    try:
        with daemon(
            Path(program), _arguments(folder, port), folder, within=_APART, ended_by=signal.SIGKILL
        ) as process:
            found = Dockerd(folder, port, process)
            try:
                until((folder / "docker.sock").is_socket, "dockerd does not listen", folder, process=process)
            except DidNotStart as failed:
                lacking(f"dockerd can't work here: {failed}")
            yield found
    finally:
        shutil.rmtree(folder)


def _arguments(folder: Path, port: int) -> tuple[str, ...]:
    return (
        *("--host", f"unix://{folder}/docker.sock", "--host", f"tcp://127.0.0.1:{port}"),
        *("--tlsverify", "--tlscacert", f"{folder}/ca.crt"),
        *("--tlscert", f"{folder}/server.crt", "--tlskey", f"{folder}/server.key"),
        *("--pidfile", f"{folder}/pid", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/run"),
        *("--storage-driver", "vfs", "--bridge", "none", "--iptables=false", "--ip6tables=false"),
    )


def _write_certificates(folder: Path) -> None:
    authority = Authority()
    (folder / "ca.crt").write_bytes(authority.certificate)
    for name, signed in (("server", authority.server("docker")), ("client", authority.client("pilothouse"))):
        (folder / f"{name}.crt").write_bytes(signed.certificate)
        (folder / f"{name}.key").write_bytes(signed.key)
