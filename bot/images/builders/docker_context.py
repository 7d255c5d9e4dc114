"""The files of a build as the tar that Docker takes: those that no .dockerignore takes out.

It is made while it is sent, in pieces, by a thread: it is never whole in memory or on the disk.
"""

from __future__ import annotations

import asyncio
import os
import tarfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.images.builders.builtin.context import Context

IGNORED = ".dockerignore"

_PIECE = 2**20
"""Bytes that are read and sent at once, at least."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A path in the tar, and what is there: something of the disk, or a text."""

    name: str
    path: Path | None = None
    text: bytes = b""


def files_of(root: Path, dockerfile: Path) -> list[Entry]:
    """What is in a folder's tar; `dockerfile` is within the folder, and always in the tar. May block.

    Where the Dockerfile is ignored Docker has to be told so, to hide it from instructions.
    Raises: BuildFailed where .dockerignore can't be read.
    """
    found = [
        Entry(each.name, each.path)
        for each in Context(root, dockerfile).below(root)
        if _can_be_sent(each.path)
    ]
    names = {each.name for each in found}
    name = dockerfile.relative_to(root).as_posix()
    if name not in names:
        found.append(Entry(name, dockerfile))
        if IGNORED not in names:
            found.append(Entry(IGNORED, text=f"{name}\n{IGNORED}\n".encode()))
    return found


async def archived(entries: Sequence[Entry]) -> AsyncIterator[bytes]:
    """Their tar, in pieces. Raises: OSError."""
    pieces = _pieces(entries)
    while piece := await asyncio.to_thread(_next, pieces):
        yield piece


def _can_be_sent(path: Path) -> bool:
    return path.is_symlink() or path.is_dir() or path.is_file()


def _next(pieces: Iterator[bytes]) -> bytes:
    """The next so many bytes; b"" at the end."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _PIECE:
            break
    return bytes(gathered)


def _pieces(entries: Sequence[Entry]) -> Iterator[bytes]:
    for entry in entries:
        info = _info(entry)
        yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        if info.isreg():
            yield from _content(entry, info.size)
            yield bytes(-info.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _info(entry: Entry) -> tarfile.TarInfo:
    """What stands before its bytes. Everything belongs to root, as Docker's own client has it."""
    info = tarfile.TarInfo(entry.name)
    if entry.path is None:
        info.size = len(entry.text)
        return info
    at = entry.path.lstat()
    info.mode, info.mtime = at.st_mode & 0o7777, at.st_mtime
    if entry.path.is_symlink():
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(entry.path)
    elif entry.path.is_dir():
        info.type = tarfile.DIRTYPE
    else:
        info.size = at.st_size
    return info


def _content(entry: Entry, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes: so many were promised."""
    if entry.path is None:
        yield entry.text
        return
    with entry.path.open("rb") as opened:
        while size and (piece := opened.read(min(_PIECE, size))):
            size -= len(piece)
            yield piece
    if size:
        raise OSError(f"{entry.name} has become shorter")
