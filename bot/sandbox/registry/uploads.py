"""Blobs on their way in: each is a file that grows request by request until its digest is known to be right.

What HTTP says about it is left to `pushing`.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.sandbox.registry.errors import Refused
from bot.sandbox.registry.storage import Storage

ABANDONED: Final = 3600
"""Seconds after which an upload that nobody went on with is forgotten, once another one begins."""


@dataclass(slots=True)
class Upload:
    """One blob that is being sent."""

    repository: str
    path: Path
    touched: float
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    """Clients must give it back with the Location's query, which they are to leave as it is."""
    size: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        return self.path.name

    async def receive(self, chunks: AsyncIterator[bytes], most: int) -> None:
        """Append what comes; what had come when it broke off stays. Raises: Refused above `most` bytes."""
        with self.path.open("ab", buffering=0) as file:
            async for chunk in chunks:
                if self.size + len(chunk) > most:
                    raise Refused(413, "SIZE_INVALID", f"a blob may have {most} bytes here")
                file.write(chunk)  # some kilobytes into the system's memory: a thread would cost more
                self.size += len(chunk)


class Uploads:
    """All that are under way; no blob gets larger than `largest` bytes."""

    def __init__(self, storage: Storage, clock: Clock, largest: int) -> None:
        self._storage = storage
        self._clock = clock
        self._largest = largest
        self._open: dict[str, Upload] = {}

    def start(self, repository: str) -> Upload:
        now = self._clock.monotonic()
        for old in list(self._open.values()):
            if old.touched + ABANDONED < now and not old.lock.locked():
                self.drop(old)
        upload = Upload(repository, self._storage.folder / secrets.token_hex(16), now)
        upload.path.touch()
        self._open[upload.name] = upload
        return upload

    def find(self, repository: str, name: str, state: str) -> Upload:
        """The upload, to look at. Raises: Refused."""
        upload = self._open.get(name)
        if upload is None or upload.repository != repository:
            raise _unknown()
        if state != upload.state:
            raise Refused(404, "BLOB_UPLOAD_INVALID", "the Location was changed: it has a query")
        return upload

    @asynccontextmanager
    async def held(self, repository: str, name: str, state: str) -> AsyncIterator[Upload]:
        """The upload, while no other request works on it. Raises: Refused."""
        upload = self.find(repository, name, state)
        async with upload.lock:
            if name not in self._open:  # finished or cancelled while this request waited
                raise _unknown()
            try:
                yield upload
            finally:
                upload.touched = self._clock.monotonic()

    async def append(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        """Take more of a held upload. Raises: Refused, and then it is over."""
        try:
            await upload.receive(chunks, self._largest)
        except Refused:
            self.drop(upload)
            raise

    async def finish(self, upload: Upload, digest: str) -> None:
        """Keep a held upload as the blob that it claims to be. Raises: Refused, and then it is over."""
        algorithm, _, wanted = digest.partition(":")
        if await asyncio.to_thread(_digest, upload.path, algorithm) != wanted:
            self.drop(upload)
            raise Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self._storage.keep(upload.repository, digest, upload.path)
        self.drop(upload)

    def drop(self, upload: Upload) -> None:
        """Forget an upload and what has come of it."""
        del self._open[upload.name]
        upload.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Forget all of them."""
        for upload in list(self._open.values()):
            self.drop(upload)


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _unknown() -> Refused:
    return Refused(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
