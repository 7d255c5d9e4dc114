"""Running git as a child process: arguments as a list, no shell, no prompts, no hooks, no configuration of
this machine, and an end for every run.

Secrets (the header that logs us in, a proxy with a password) never stand in arguments or the environment,
which others on the machine can read, nor on a disk: git reads them as its global configuration from a
descriptor that it inherits (security.md, rows 9, 10, 24 and 25; Linux only, by memfd_create). What is asked
of git, and what its words mean, is left to `source`.
"""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot import programs
from bot.programs import Finished, in_memory

_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("credential.helper", ""),
    ("http.followRedirects", "false"),  # a redirect may lead into our own network (security.md, row 26)
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


class Git:
    """One way of running git: where, how long, and through which proxy and authorities.

    `home` is a folder without configuration, `seconds` the longest that a run may take, `protocol` the one
    way by which git may reach others. `key_file` and `known_hosts` are for ssh.
    """

    def __init__(
        self,
        home: Path,
        *,
        seconds: float,
        protocol: str,
        proxy: str | None = None,
        ca_file: Path | None = None,
        key_file: Path | None = None,
        known_hosts: Path | None = None,
    ) -> None:
        self._home = home
        self._seconds = seconds
        self._protocol = protocol
        self._proxy = proxy
        self._ca_file = ca_file
        self._ssh = _ssh(key_file, known_hosts)

    async def run(self, *arguments: str, login: Login | None = None) -> Finished:
        """Run git with `arguments` and wait for its end; its whole process group ends when we are cancelled.

        Raises: programs.OutOfTime, programs.TooMuch, OSError when there is no git.
        """
        with in_memory("git-configuration", _configuration(login, self._proxy)) as descriptor:
            return await programs.run(
                "git",
                *arguments,
                environment=self._environment(descriptor),
                seconds=self._seconds,
                folder=self._home,
                inherits=(descriptor,),
            )

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
            "GIT_SSH_COMMAND": self._ssh,
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


def _configuration(login: Login | None, proxy: str | None) -> bytes:
    """The secret part of git's configuration."""
    lines = []
    if proxy is not None:
        lines += ["[http]", f"proxy = {_quoted(proxy)}"]
    if login is not None:
        pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        lines += [f"[http {_quoted(login.origin + '/')}]", f"extraHeader = Authorization: Basic {pair}"]
    return "\n".join(lines).encode()


def _ssh(key_file: Path | None, known_hosts: Path | None) -> str:
    """How git calls ssh: it has a shell read this, so paths are quoted for one."""
    words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
    if key_file is not None:
        words += ["-o", "IdentitiesOnly=yes", "-i", str(key_file.absolute())]
    if known_hosts is not None:
        # ssh splits this value at blanks again, unless it stands in quotes of its own.
        words += ["-o", "StrictHostKeyChecking=yes", "-o", f'UserKnownHostsFile="{known_hosts.absolute()}"']
    return shlex.join(words)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
