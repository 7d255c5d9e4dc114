"""Foreign words made fit for our sentences: one clean line, without credentials. Pure.

Hiding secrets that the configuration knows is left to `bot.masking`; here only what a server or git could
echo is taken out before an error is raised (security.md, rows 9, 10 and 33).
"""

from __future__ import annotations

import re
import unicodedata

_USERINFO = re.compile(r"(?<=://)[^/\s@'\"]*(?:@[^/\s@'\"]*)*@")
_AUTHORIZATION = re.compile(r"\b(basic|bearer)\s+[\w.~+/=-]{8,}", re.IGNORECASE)

LONGEST = 300
"""Characters of a foreign text that are quoted: about what is read on a phone without scrolling."""


def without_credentials(text: str) -> str:
    """`text` without user names and passwords in URLs and without authorisation headers."""
    return _AUTHORIZATION.sub(r"\1 …", _USERINFO.sub("", text))


def one_line(text: str, *, longest: int = LONGEST) -> str:
    """`text` as one printable line of at most `longest` characters, without credentials.

    Control, formatting (bidirectional, zero-width) and separator characters become spaces.
    """
    printable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: longest * 20])
    line = " ".join(without_credentials(printable).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
