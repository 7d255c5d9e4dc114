"""Writing a layer: a gzipped tar of entries that is the same for the same files, on whatever day and machine.

Files belong to root unless something else is said, may be run or not as the source has it, and are from 1970.
All functions here block.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO, TYPE_CHECKING

from bot.images.pushing import Blob

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Stopped(Exception):
    """The build was cancelled while this worked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path in an image. Neither `file` nor `link`: a folder."""

    path: str
    mode: int
    file: Path | None = None
    link: str = ""
    owner: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as it is pushed, and the digest that it has unpacked."""

    blob: Blob
    unpacked: str


class _Hashed(io.BufferedIOBase):
    """A file that is written to, and what it comes to."""

    def __init__(self, to: IO[bytes] | gzip.GzipFile) -> None:
        self._to = to
        self._hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        self._hash.update(data)
        self.size += memoryview(data).nbytes
        return self._to.write(data)

    @property
    def digest(self) -> str:
        return "sha256:" + self._hash.hexdigest()


class _Read:
    """A file that is read until somebody says stop."""

    def __init__(self, file: IO[bytes], stop: Event) -> None:
        self._file = file
        self._stop = stop

    def read(self, size: int = -1) -> bytes:
        if self._stop.is_set():
            raise Stopped
        return self._file.read(size)


def write_layer(file: Path, entries: Iterable[Entry], stop: Event) -> Layer:
    """Write entries, in their order, into a new file. Raises: Stopped, OSError."""
    with file.open("wb") as raw:
        packed = _Hashed(raw)
        with gzip.GzipFile("", "wb", fileobj=packed, mtime=0) as zipped:
            unpacked = _Hashed(zipped)
            with tarfile.open(
                fileobj=unpacked, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8"
            ) as archive:
                for entry in entries:
                    _add(archive, entry, stop)
    return Layer(Blob(LAYER, packed.digest, packed.size, file), unpacked.digest)


def _add(archive: tarfile.TarFile, entry: Entry, stop: Event) -> None:
    info = tarfile.TarInfo(entry.path)
    info.mode = entry.mode
    info.uid, info.gid = entry.owner
    if entry.file is not None:
        with entry.file.open("rb") as opened:
            info.size = entry.file.stat().st_size
            archive.addfile(info, _Read(opened, stop))
        return
    info.type = tarfile.SYMTYPE if entry.link else tarfile.DIRTYPE
    info.linkname = entry.link
    archive.addfile(info)
