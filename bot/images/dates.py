"""When images were built, remembered by their digests: what a digest says never changes, so it is asked once.

Kept over restarts in a file of lines that are only ever added; one that can't be read or written costs requests to
the registry and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import structlog

from bot.images.references import is_digest

MOST = 50_000
"""Images that are remembered, some 5 MB of them in the file; those that were learnt first are forgotten first."""

log = structlog.get_logger(__name__)


class Dates:
    """Digests and dates; without a `file`, for as long as it lives."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: OrderedDict[str, datetime | None] = OrderedDict()
        self._new: list[str] = []
        self._writing = asyncio.Lock()

    async def read(self) -> None:
        """Read the file, where there is one."""
        if self._file is not None:
            self._known = await asyncio.to_thread(_read, self._file)

    def __contains__(self, digest: str) -> bool:
        return digest in self._known

    def of(self, digest: str) -> datetime | None:
        """When it was built; None for one that does not say. Raises: KeyError for one that was never asked."""
        return self._known[digest]

    def learn(self, digest: str, built: datetime | None) -> None:
        """Remember a date."""
        self._known[digest] = built
        self._new.append(digest)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    async def write(self) -> None:
        """Add to the file what was learnt since."""
        if self._file is None or not self._new:
            return
        async with self._writing:
            learnt, self._new = self._new, []
            lines = [_line(digest, self._known[digest]) for digest in learnt if digest in self._known]
            try:
                await asyncio.to_thread(_add, self._file, lines)
            except OSError as error:
                log.warning("dates of images can't be kept", file=str(self._file), error=error.strerror)


def _line(digest: str, built: datetime | None) -> str:
    return json.dumps([digest, built.isoformat() if built is not None else None]) + "\n"


def _add(file: Path, lines: Iterable[str]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write("".join(lines))


def _read(file: Path) -> OrderedDict[str, datetime | None]:
    """The last `MOST` lines that can be read; where there were many more, the file is made shorter."""
    known: OrderedDict[str, datetime | None] = OrderedDict()
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            count = 0
            for count, line in enumerate(stream, 1):  # noqa: B007 - how many there were is told below
                with contextlib.suppress(ValueError, TypeError):
                    digest, built = json.loads(line)
                    if is_digest(digest):
                        known[digest] = datetime.fromisoformat(built) if built is not None else None
                        known.move_to_end(digest)
                if len(known) > MOST:
                    known.popitem(last=False)
        if count > 2 * MOST:
            _replace(file, known)
    except OSError:
        return OrderedDict()
    return known


def _replace(file: Path, known: OrderedDict[str, datetime | None]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text("".join(_line(*each) for each in known.items()), encoding="utf-8")
    os.replace(fresh, file)
