"""Which git addresses may be used, and what they say. Pure.

https, ssh (as a URL or as `git@host:path`), and for the sandbox and tests a folder of this machine. Nothing
that git would take for an option or hand to a helper of another name (security.md, rows 24 and 25).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from bot.images.errors import ReferenceInvalid
from bot.images.git import Login
from bot.images.wording import one_line

_SHORT_SSH = re.compile(
    r"(?P<user>[A-Za-z0-9_][\w.-]*)@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*):(?P<path>[^:\s]+)"
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")
_LOCAL_HOSTS = frozenset({"", "localhost"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository is, without credentials; `login` holds those that stood in the address."""

    url: str
    scheme: str
    host: str
    login: Login | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port: what credentials are bound to."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def __str__(self) -> str:
        return one_line(self.url, longest=120)


def parse_address(text: str, *, allow_file: bool) -> Address:
    """Read a git address. Raises: ReferenceInvalid, saying what is wrong with it."""
    if not text.isprintable() or any(c.isspace() or c in '"\\' for c in text):
        raise _invalid(text, "it holds a blank, a quote or a control character")
    if short := _SHORT_SSH.fullmatch(text):
        return Address(
            f"ssh://{short['user']}@{short['host']}/{short['path'].lstrip('/')}", "ssh", short["host"]
        )
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _invalid(text, "its host or port is none") from None
    if parts.scheme == "file":
        return _folder(text, parts, allow_file=allow_file)
    if parts.scheme not in {"https", "ssh"}:
        raise _invalid(text, "only https:// and ssh:// are allowed")
    if not _HOST.fullmatch(host) or not parts.path.strip("/"):
        raise _invalid(text, "it should look like https://git.example.org/team/shop.git")
    if parts.scheme == "ssh":
        return _ssh(text, parts, host)
    netloc = parts.netloc.rpartition("@")[2]
    url = parts._replace(netloc=netloc, query="", fragment="").geturl()
    origin = f"https://{netloc}"
    login = Login(origin, unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Address(url, "https", host, login)


def _ssh(text: str, parts: SplitResult, host: str) -> Address:
    if parts.password is not None or (parts.username or "").startswith("-"):
        raise _invalid(text, "an ssh address has a user but no password: ssh uses keys")
    return Address(parts._replace(query="", fragment="").geturl(), "ssh", host)


def _folder(text: str, parts: SplitResult, *, allow_file: bool) -> Address:
    if not allow_file or parts.netloc not in _LOCAL_HOSTS or not parts.path.startswith("/"):
        raise _invalid(text, "folders of this machine may not be a source here")
    return Address(f"file://{parts.path}", "file", "")


def _invalid(text: str, why: str) -> ReferenceInvalid:
    return ReferenceInvalid(f"“{one_line(text, longest=80)}” cannot be used as a git source: {why}.")
