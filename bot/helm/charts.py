"""Charts as archives: where they come from, what is known of them, what makes one acceptable.

Whatever the source, the result is one `.tgz` in memory with its digest, so that what was planned is what is
installed. Packing is `packing`'s, judging `inspecting`'s, the network `repositories`' and `registries`'.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from bot.helm import inspecting, packing, registries, repositories
from bot.helm.errors import ChartUnavailable
from bot.helm.registries import OciChart
from bot.helm.repositories import RepoChart


@dataclass(frozen=True, slots=True)
class ChartArchive:
    """A chart that passed `inspecting.inspect`, packed."""

    name: str
    version: str
    app_version: str
    digest: str
    """SHA-256 of `data`, in hex. A folder packs to the same bytes as long as its files are the same."""
    data: bytes = field(repr=False)
    looks_up: bool = False
    """Whether its templates ask the cluster for objects (Helm's `lookup`)."""

    @classmethod
    def of(cls, data: bytes) -> ChartArchive:
        """From the bytes of a `.tgz`.

        Raises: ChartInvalid (security.md, rows 16 to 19).
        """
        about = inspecting.inspect(data)
        digest = hashlib.sha256(data).hexdigest()
        return cls(about.name, about.version, about.app_version, digest, data, about.looks_up)


@dataclass(frozen=True, slots=True)
class FolderChart:
    """A chart's folder on the bot's machine, `Chart.yaml` in it."""

    path: Path


@dataclass(frozen=True, slots=True)
class ArchiveChart:
    """A `.tgz` on the bot's machine."""

    path: Path


ChartSource = FolderChart | ArchiveChart | RepoChart | OciChart


async def fetch(source: ChartSource) -> ChartArchive:
    """The chart, wherever it is, packed and checked; heavy work happens off the loop.

    Raises: ChartUnavailable, ChartInvalid.
    """
    match source:
        case RepoChart():
            return await asyncio.to_thread(ChartArchive.of, await repositories.fetch(source))
        case OciChart():
            return await asyncio.to_thread(ChartArchive.of, await registries.fetch(source))
    return await asyncio.to_thread(_read, source)


@lru_cache(maxsize=16)
def _packed(path: Path, state: tuple[tuple[object, ...], ...]) -> ChartArchive:
    """A folder's chart for as long as its files are the same: each plan asks for it."""
    return ChartArchive.of(packing.pack(path))


def _read(source: FolderChart | ArchiveChart) -> ChartArchive:
    path = source.path.expanduser()
    try:
        if isinstance(source, FolderChart):
            return _packed(path, packing.state(path))
        with open(path, "rb") as file:
            return ChartArchive.of(file.read(inspecting.MAX_PACKED + 1))
    except OSError as error:
        raise ChartUnavailable(f"{error.filename or path} cannot be read: {error.strerror}") from error
