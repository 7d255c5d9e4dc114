"""How a registry or a git server is reached, as the configuration says it of each host."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Credentials:
    """Name and password for one host. The password is read when it is sent, so that it may be rotated."""

    username: str
    password: Callable[[], str] = field(repr=False)

    def header(self) -> str:
        """The value of an HTTP `Authorization` header (RFC 7617)."""
        pair = f"{self.username}:{self.password()}".encode()
        return "Basic " + base64.b64encode(pair).decode()


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """How one host is reached. `proxy` is an http, https or socks5 URL, `ca_file` a PEM bundle.

    Each may be left out: asked without a password, directly, trusting the system's authorities.
    """

    credentials: Credentials | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
