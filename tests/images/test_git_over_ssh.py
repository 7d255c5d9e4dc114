"""A repository is read over ssh as real servers have it: by a deploy key, from a host whose key is known."""

import asyncio
import getpass
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.images.access import ServerAccess
from bot.images.errors import SourceRefused
from bot.images.source import Sources
from tests.builds.repositories import Repository
from tests.programs import lacking

SSHD = Path("/usr/sbin/sshd")
"""It calls itself again by its whole path, and is in nobody's PATH but root's."""


@dataclass(frozen=True)
class SshServer:
    """OpenSSH's server on this machine, which lets its own user in by `key` alone."""

    port: int
    key: Path
    known_hosts: Path

    def url(self, repository: Repository) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{repository.folder}"

    def access(self, **other: Path) -> dict[str, ServerAccess]:
        return {
            "127.0.0.1": ServerAccess(
                key_file=other.get("key_file", self.key),
                known_hosts=other.get("known_hosts", self.known_hosts),
            )
        }


def new_key(path: Path) -> Path:
    """A private key at `path`; its public half is beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


def known(port: int, key: Path) -> str:
    """A line of known_hosts."""
    return f"[127.0.0.1]:{port} {key.with_suffix('.pub').read_text(encoding='utf-8')}"


@asynccontextmanager
async def ssh_server(folder: Path) -> AsyncIterator[SshServer]:
    """Run one whose files are in `folder`; it ends with the block."""
    if not SSHD.exists():
        lacking("needs OpenSSH's server: apt-get install openssh-server")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's keeps its unprivileged half; a boot makes it
    host, key = new_key(folder / "host"), new_key(folder / "deploy key")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": host,
        "AuthorizedKeysFile": f'"{key.with_suffix(".pub")}"',
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
        "StrictModes": "no",
        "PidFile": "none",
    }
    written = "".join(f"{name} {value}\n" for name, value in options.items())
    (folder / "sshd_config").write_text(written, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", folder / "sshd_config", stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"Server listening" not in (line := await process.stderr.readline()):
                assert line, "it ended"
        (folder / "known_hosts").write_text(known(port, host), encoding="utf-8")
        yield SshServer(port, key, folder / "known_hosts")
    finally:
        process.terminate()
        await process.communicate()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SshServer]:
    (tmp_path / "ssh").mkdir()
    async with ssh_server(tmp_path / "ssh") as started:
        yield started


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "git" / "shop")
    made.commit({"Dockerfile": "FROM scratch\n"}, "Begin")
    return made


async def test_a_deploy_key_opens_it(server: SshServer, repository: Repository, tmp_path: Path) -> None:
    async with Sources(tmp_path / "cache", server.access()) as sources:
        sha = await sources.resolve(server.url(repository), "main")
        await sources.check_out(server.url(repository), sha, tmp_path / "tree")
    assert sha == repository.git("rev-parse", "main")
    assert (tmp_path / "tree" / "Dockerfile").read_bytes() == b"FROM scratch\n"


async def test_a_submodule_comes_by_the_same_key(
    server: SshServer, repository: Repository, tmp_path: Path
) -> None:
    library = Repository(tmp_path / "git" / "library")
    library.commit({"lib": "shared"}, "library")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.url, "lib")
    repository.git("config", "--file", ".gitmodules", "submodule.lib.url", "../library")
    sha = repository.commit({"main": "app"}, "app")
    async with Sources(tmp_path / "cache", server.access()) as sources:
        await sources.check_out(server.url(repository), sha, tmp_path / "tree")
    assert (tmp_path / "tree" / "lib" / "lib").read_bytes() == b"shared"


async def test_a_key_that_it_does_not_know_is_said(
    server: SshServer, repository: Repository, tmp_path: Path
) -> None:
    access = server.access(key_file=new_key(tmp_path / "other"))
    async with Sources(tmp_path / "cache", access) as sources:
        with pytest.raises(SourceRefused, match=r"does not let us in.*Permission denied"):
            await sources.resolve(server.url(repository), "main")


async def test_a_host_that_we_do_not_know_is_not_talked_to(
    server: SshServer, repository: Repository, tmp_path: Path
) -> None:
    """Whether it shows another key than it had, or was never met."""
    other = tmp_path / "known"
    for line in ("", known(server.port, new_key(tmp_path / "former"))):
        other.write_text(line, encoding="utf-8")
        async with Sources(tmp_path / "cache", server.access(known_hosts=other)) as sources:
            with pytest.raises(SourceRefused, match=r"host key .*known_hosts"):
                await sources.resolve(server.url(repository), "main")
