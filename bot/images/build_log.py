"""The whole log of a build, in files of bounded size: its beginning, and the newest of the rest.

A build may say a hundred megabytes; what is read afterwards is how it began and how it ended. Whoever writes has
hidden the secrets before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

HEAD = 4 * 2**20
TAIL = 4 * 2**20
"""Bytes of the beginning, and at least so many of the end (twice as many at most)."""
BEGUN = "── "
"""What the line of an instruction begins with."""


class BuildLog:
    """Writes one build's log; close it."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the log's files and nothing else; what an earlier run wrote there goes."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        self._folder = folder
        self._out: IO[bytes] = (folder / "head").open("wb")
        self._room = HEAD

    def begin(self, instruction: str) -> None:
        """What follows is said by this instruction."""
        self.write([BEGUN + instruction])

    def write(self, lines: Sequence[str]) -> None:
        """Add lines."""
        data = "".join(f"{line}\n" for line in lines).encode()
        if len(data) > self._room:
            self._turn()
        self._out.write(data)
        self._room -= len(data)

    def close(self) -> None:
        """Nothing more comes."""
        self._out.close()

    def _turn(self) -> None:
        """Go on in a new file; of those after the first the last two stay."""
        self._out.close()
        tail = self._folder / "tail"
        if tail.exists():
            tail.replace(self._folder / "tail.old")
            (self._folder / "cut").touch()
        self._out = tail.open("wb")
        self._room = TAIL


def read(folder: Path) -> bytes:
    """The log as it is kept; b"" where there is none. May block."""
    parts = [folder / name for name in ("head", "tail.old", "tail")]
    texts = [part.read_bytes() if part.exists() else b"" for part in parts]
    left_out = "\n… the middle of this long log was not kept …\n\n".encode()
    return texts[0] + (left_out if (folder / "cut").exists() else b"") + texts[1] + texts[2]
