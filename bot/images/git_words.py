"""What git's words mean: whose trouble it is, and what to do. Pure."""

from __future__ import annotations

import re

from bot.images.addresses import Address
from bot.images.errors import SourceRefused, SourceUnreachable
from bot.images.wording import one_line


class MirrorBroken(SourceRefused):
    """Not the source but our copy is at fault: a run that was killed left it half written or locked."""

    def __init__(self, address: Address, words: str) -> None:
        said = one_line(words, longest=160)
        super().__init__(f"The copy of {address} in the cache folder cannot be used: {said}")


_BROKEN = ("corrupt", "bad object")
"""Signs of it where git does not name the folder of the copy."""
_AWAY = (
    "could not resolve",
    "failed to connect",
    "couldn't connect",
    "connection timed out",
    "connection refused",
    "connection reset",
    "operation timed out",
    "operation too slow",
    "the requested url returned error: 5",
    "the requested url returned error: 429",
    "early eof",
    "unexpected disconnect",
    "network is unreachable",
    "no route to host",
    "connect tunnel failed",
    "from proxy after connect",
)
_LOCKED_OUT = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied",
    "the requested url returned error: 401",
    "the requested url returned error: 403",
)
_LOGGED = re.compile(r"^Errors logged to .*$|^Use `git lfs logs last` .*$", re.MULTILINE)
"""Of git-lfs, whatever went wrong: it names our copy's folder without that one being at fault."""
_UNKNOWN_HOST = "host key verification failed"


def _signs(address: Address, words: str) -> str:
    """git's words as they are searched: a repository may be called `proxy` or `corrupt`."""
    return words.lower().replace(address.url.lower().rstrip("/"), "")


def failure(address: Address, words: str, *, folder: str) -> SourceRefused | SourceUnreachable:
    """What git's words mean, quoted in part and without credentials; `folder` is the name of our copy's folder."""
    words = _LOGGED.sub("", words)
    said = one_line(words.replace("fatal: ", ""), longest=160)
    signs = _signs(address, words)
    if any(sign in signs for sign in (folder, *_BROKEN)):
        return MirrorBroken(address, words)
    if any(sign in signs for sign in _AWAY):
        return SourceUnreachable(f"{address} cannot be reached: {said}")
    if _UNKNOWN_HOST in signs:
        return SourceRefused(
            f"{address} cannot be trusted: its host key is not in known_hosts, or another one is. Put there what "
            f"`ssh-keyscan {address.host}` shows, once it is what the host publishes."
        )
    if any(sign in signs for sign in _LOCKED_OUT):
        return SourceRefused(
            f"{address} does not let us in: check the credentials and rights. It says: {said}"
        )
    if "'lfs' is not a git command" in signs:
        return SourceRefused(f"{address} has large files: install git-lfs on the bot's machine.")
    if "redirect" in signs or "returned error: 30" in signs:
        return SourceRefused(f"{address} redirects elsewhere, which is not followed: use the final address.")
    return SourceRefused(f"{address} cannot be read: {said}")
