"""What a Dockerfile may ask of the builder itself, read before any builder sees it (security.md, row 31)."""

from __future__ import annotations

import re
from pathlib import Path

from bot.images.errors import BuildFailed
from bot.images.wording import one_line

ALLOWED_SYNTAX = ("docker/dockerfile", "docker.io/docker/dockerfile")
"""Front ends that may read a Dockerfile: any other image would run with the builder's own rights."""

LARGEST = 2**20

_DIRECTIVE = re.compile(r"#\s*(?P<name>[A-Za-z]+)\s*=\s*(?P<value>\S.*)")


def text_of(file: Path) -> str:
    """What a Dockerfile says; of a line that is no text, builders have the last word. Raises: BuildFailed."""
    with file.open("rb") as opened:
        read = opened.read(LARGEST + 1)
    if len(read) > LARGEST:
        raise BuildFailed(f"The Dockerfile has more than {LARGEST // 2**20} MiB")
    return read.decode(errors="replace")


def check(dockerfile: str) -> None:
    """Go on only where the Dockerfile names no front end of its own.

    Directives stand before all else (Dockerfile reference, "Parser directives"); BuildKit takes `//` comments and a
    byte order mark as well, and finds `syntax` wherever one stands among them.
    Raises: BuildFailed.
    """
    for line in dockerfile.removeprefix("\ufeff").splitlines():
        text = line.strip()
        directive = _DIRECTIVE.fullmatch(re.sub(r"^//", "#", text))
        if directive is not None and directive["name"].lower() == "syntax":
            _check_syntax(directive["value"].strip())
        elif text and not text.startswith(("#", "//")):
            return


def _check_syntax(image: str) -> None:
    untagged = re.sub(r":[^:/]*$", "", image.partition("@")[0])
    if untagged not in ALLOWED_SYNTAX:
        raise BuildFailed(
            f"The Dockerfile asks for the front end {one_line(image, longest=80)}",
            advice="Only # syntax=docker/dockerfile:… is allowed",
        )
