"""How a registry or a git server is reached, as the configuration says it of each host."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """Name and password for one host, or in the password's place a token that is exchanged for others."""

    username: str
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)
    """A refresh token of the registry's token service (OAuth 2); the password counts for nothing then."""

    def header(self) -> str:
        """The value of an HTTP `Authorization` header (RFC 7617)."""
        pair = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()


class Login(Protocol):
    """Where an account is found, each time that one is needed: it may be rotated."""

    async def account(self) -> Account | None:
        """The account as it is now; None: nobody is known there, so it is asked anonymously."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name that stays, and a password that is read anew, by a function that may block."""

    username: str
    password: Callable[[], str] = field(repr=False)

    async def account(self) -> Account:
        """Name and password as they are now. Raises: what `password` raises."""
        return Account(self.username, await asyncio.to_thread(self.password))


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """How one host is reached. `proxy` is an http, https or socks5 URL, `ca_file` a PEM bundle.

    Each may be left out: asked without a password, directly, trusting the system's authorities. `key_file` and
    `known_hosts` are for ssh: a private key, and the keys that hosts have.
    """

    credentials: Login | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    key_file: Path | None = None
    known_hosts: Path | None = None
