"""Processes that a bot has left behind: what works in its folders of builds and of git's mirrors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FOLDERS = ("builds", "git")
"""Beside the bot's store."""


def processes() -> Iterator[Path]:
    """All of this machine's, as folders of /proc."""
    return (each for each in Path("/proc").iterdir() if each.name.isdecimal())


def works_in(process: Path, folder: Path) -> str:
    """Its command line where it works in one of them, by its arguments, its home, its folder or its root; else ""."""
    with suppress(OSError):  # it ends, or is somebody else's
        command = (process / "cmdline").read_bytes()
        home = [each for each in (process / "environ").read_bytes().split(b"\0") if each.startswith(b"HOME=")]
        places = [f"{os.readlink(process / name)}/" for name in ("cwd", "root")]
        known = b" ".join([command, *home, *map(os.fsencode, places)])
        if any(os.fsencode(f"{folder / name}/") in known for name in _FOLDERS):
            return command.replace(b"\0", b" ").decode(errors="replace") or "a process without a command line"
    return ""
