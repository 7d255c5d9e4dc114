"""What the text `registry.example.org/team/shop` means. Pure.

The grammar is that of the distribution project's `reference` package; names without a registry are Docker
Hub's, as for every container tool.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from bot.images.errors import ReferenceInvalid
from bot.images.wording import one_line

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Repository:
    """A registry's host with port, as written, and the name within it."""

    host: str
    name: str

    @property
    def api_host(self) -> str:
        """The host that answers the registry API: Docker Hub's is not the one in its names."""
        return _HUB_API if self.host == _HUB else self.host

    def __str__(self) -> str:
        return f"{self.host}/{self.name}"


def parse_repository(text: str) -> Repository:
    """Read `[host[:port]/]name`, without tag or digest.

    Raises: ReferenceInvalid, saying what is wrong with it.
    """
    first, slash, rest = text.partition("/")
    is_host = bool(slash) and (bool({".", ":"} & set(first)) or first == "localhost")
    host, name = (first, rest) if is_host else (_HUB, text)
    if host in {_HUB, "index.docker.io", _HUB_API}:
        host, name = _HUB, name if "/" in name else f"library/{name}"
    if len(text) > _LONGEST_NAME or not _HOST.fullmatch(host) or not _PATH.fullmatch(name):
        raise ReferenceInvalid(
            f"“{one_line(text, longest=80)}” names no image repository: it should look like "
            "registry.example.org/team/shop, in lower case and without a tag"
        )
    return Repository(host, name)


def is_tag(text: str) -> bool:
    """Whether the distribution specification allows `text` as a tag."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether `text` is a whole sha256 digest, the one algorithm that registries have in common."""
    return _DIGEST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Whether `host` (a port may follow) is this machine, by its literal address or as `localhost`."""
    bare = host.rpartition(":")[0] if re.search(r":\d+$", host) and not host.endswith("]") else host
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare.strip("[]")).is_loopback
    except ValueError:
        return False
