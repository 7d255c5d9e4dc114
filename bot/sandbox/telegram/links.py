"""Which addresses Telegram takes as links (td LinkManager), as far as messages and buttons need it."""

from __future__ import annotations

import re

_HOST = re.compile(
    r"^(?:[^/?#@]+@)?(?:\[[0-9a-fA-F:.]+\]|(?:[\w-]+\.)+[\w-]{2,}\.?|\d+(?:\.\d+){3})(?::\d{1,5})?(?=[/?#]|$)"
)
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*):(?://)?")
_OTHER_SCHEMES = ("tg", "ton", "tonsite")


def checked_link(address: str) -> str:
    """The address as Telegram stores it, "" when it is no link it knows.

    A missing scheme is http, and a bare host gets a trailing slash.
    """
    address = address.strip()
    scheme = _SCHEME.match(address)
    name = scheme.group(1).lower() if scheme and not _HOST.match(address) else ""
    if name in _OTHER_SCHEMES:
        return address
    rest = address[scheme.end() :] if scheme and name in ("http", "https") else address
    if (name and name not in ("http", "https")) or re.search(r"[\s<>\"]", rest):
        return ""
    host = _HOST.match(rest)
    if host is None:
        return ""
    tail = rest[host.end() :]
    return f"{name or 'http'}://{host.group().lower()}{tail if tail.startswith('/') else '/' + tail}"


def mentioned_user(address: str) -> int:
    """The id in tg://user?id=…, 0 for any other address."""
    match = re.match(r"^tg:(?://)?user\?id=(\d+)$", address.strip(), re.IGNORECASE)
    return int(match.group(1)) if match else 0
