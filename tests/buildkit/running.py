"""One BuildKit daemon as root, whose instructions run in runc: on a socket, and on loopback with TLS for both sides.

It runs in namespaces of its own, so that whatever it has started or mounted goes with it, however it ends.
"""

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.control_plane.certificates import Authority, Signed
from tests.daemons import answers, serving, until

_CGROUPS = Path("/sys/fs/cgroup")
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

_CONFIGURATION = """\
root = "{folder}/root"
[grpc]
  address = ["unix://{folder}/socket", "tcp://127.0.0.1:{port}"]
  [grpc.tls]
    cert = "{folder}/server.crt"
    key = "{folder}/server.key"
    ca = "{folder}/ca.crt"
[otel]
  socketPath = "{folder}/otel"
[cdi]
  disabled = true
[worker.containerd]
  enabled = false
[worker.oci]
  enabled = true
  gc = false
  snapshotter = "native"
  binary = "{folder}/bin/runc"
  networkMode = "host"
  defaultCgroupParent = "{cgroup}"
"""
"""All of the machine's that it would take by itself is named, as others may run there too."""


@dataclass(frozen=True)
class BuildkitDaemon:
    """A daemon that runs. Everything of it is in `folder`."""

    folder: Path
    programs: Mapping[str, Path]
    port: int

    def trust(self, authority: Path) -> None:
        """Let its git take what this authority (a PEM file) has signed for true, and nothing else."""
        shutil.copy(authority, self.folder / "trusted.crt")

    @property
    def address(self) -> str:
        """Where it listens without TLS."""
        return f"unix://{self.folder}/socket"

    @property
    def far_address(self) -> str:
        """Where it listens with TLS: it and its clients know each other by `ca.crt`, clients have `client.crt`."""
        return f"tcp://127.0.0.1:{self.port}"


@contextmanager
def buildkit_daemon(programs: Mapping[str, Path], folder: Path) -> Iterator[BuildkitDaemon]:
    """Start one, ready for use. It ends with the block.

    Raises: DidNotStart.
    """
    authority = Authority()
    (folder / "ca.crt").write_bytes(authority.certificate)
    _write(folder, "server", authority.server("buildkit"))
    _write(folder, "client", authority.client("pilothouse"))
    _write_program(folder, "runc", f'--root {folder}/containers "$@"')
    _write_program(folder, "git", f'-c http.sslCAInfo={folder}/trusted.crt "$@"')

    def arguments(port: int) -> list[str]:
        configuration = folder / "buildkitd.toml"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, cgroup=_cgroup_of(folder)))
        return ["--config", str(configuration)]

    with ExitStack() as stack:
        stack.callback(remove_cgroups, folder)
        port = serving(
            stack,
            programs["buildkitd"],
            arguments,
            folder,
            answers,
            within=(*_APART, "env", f"PATH={folder}/bin:{os.environ['PATH']}"),
            ended_by=signal.SIGKILL,
        )
        yield BuildkitDaemon(folder, programs, port)


def remove_cgroups(folder: Path) -> None:
    """Remove what the kernel keeps of the containers of a daemon in `folder`, which has ended."""
    name = _cgroup_of(folder)

    def are_gone() -> bool:
        roots = [*_CGROUPS.glob(f"*/{name}"), *_CGROUPS.glob(name)]
        below = [each for root in roots for each in (root, *root.rglob("*")) if each.is_dir()]
        for each in sorted(below, key=lambda path: len(path.parts), reverse=True):
            with suppress(OSError):  # the last of its processes is not quite gone
                each.rmdir()
        return not any(root.exists() for root in roots)

    until(are_gone, "a container of the daemon does not end", folder)


def _cgroup_of(folder: Path) -> str:
    return f"pilothouse-{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"


def _write(folder: Path, name: str, signed: Signed) -> None:
    (folder / f"{name}.crt").write_bytes(signed.certificate)
    (folder / f"{name}.key").write_bytes(signed.key)


def _write_program(folder: Path, name: str, arguments: str) -> None:
    """A program of the machine's as the daemon finds it: with what is the machine's otherwise kept in its folder."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\nexec {shutil.which(name)} {arguments}\n")
    program.chmod(0o755)
