"""Judging a chart's archive without unpacking it to disk.

Refused is what has hurt Helm: bombs (CVE-2025-32386), links (CVE-2025-53547), names that leave the tree
(CVE-2026-35206) and schemas that point at files, devices or hosts (CVE-2025-55199). See security.md, rows 16
to 19. Packing a folder is `packing`'s, which keeps to the same limits.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, cast

import yaml

from bot.foreign_yaml import load, word
from bot.helm.errors import ChartInvalid
from bot.helm.schemas import check_schema

MAX_PACKED = 20 << 20
"""Bytes of a `.tgz`; Helm keeps a release in a Secret of at most 1 MiB, so real charts are far smaller."""
MAX_UNPACKED = 64 << 20
"""Bytes of all files together."""
MAX_FILES = 5000
MAX_FILE = 10 << 20

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,248}[a-z0-9])?", re.IGNORECASE)

_LOOKUP = re.compile(rb"(?:[{(=-]|\b(?:if|with|range|not|and|or))\s*lookup\s")
"""A call of Helm's function, rather than the word."""

_BROKEN = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, UnicodeError, OverflowError)
"""What Python's readers raise at bytes that are no archive."""


@dataclass(frozen=True, slots=True)
class About:
    """What Chart.yaml says."""

    name: str
    version: str
    app_version: str
    looks_up: bool = False
    """Whether a template of it, or of a subchart, asks the cluster for objects."""


def inspect(data: bytes) -> About:
    """Judge an archive, subcharts packed inside it included, and say which chart it is.

    Raises: ChartInvalid, with the file where there is one.
    """
    chart = _Contents()
    chart.read(data)
    about = chart.about("Chart.yaml")
    _refuse_missing_dependencies(about, chart)
    return replace(about, looks_up=chart.looks_up)


class _Contents:
    """The few files of an archive that matter here, and what all of it adds up to."""

    def __init__(self, budget: _Contents | None = None) -> None:
        self.texts: dict[str, bytes] = {}
        """Path below the chart's own folder to content, of Chart.yaml and its like."""
        self._totals: dict[str, int] = {"files": 0, "bytes": 0} if budget is None else budget._totals
        self._depth: int = 0 if budget is None else budget._depth + 1
        self.packed: list[_Contents] = []
        """Subcharts that are archives themselves."""
        self.looks_up = False

    def read(self, data: bytes, name: str = "the chart") -> None:
        if len(data) > MAX_PACKED:
            raise ChartInvalid(f"{name} is larger than {MAX_PACKED >> 20} MiB packed")
        if self._depth > 4:
            raise ChartInvalid(f"{name} is packed more than four archives deep")
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                capped = _Capped(packed)
                with tarfile.open(fileobj=cast(Any, capped), mode="r|") as tar:
                    for member in tar:
                        self._take(tar, member)
        except _BROKEN as error:
            raise ChartInvalid(f"{name} is no chart archive (a .tgz): {error}") from error

    def about(self, path: str) -> About:
        if path not in self.texts:
            raise ChartInvalid("the archive holds no Chart.yaml in a folder of its own", file=path)
        return about_of(self.texts[path])

    def dependencies(self) -> Iterator[Mapping[str, Any]]:
        for path in ("Chart.yaml", "requirements.yaml"):
            listed = _mapping(self.texts[path], path).get("dependencies") if path in self.texts else None
            if isinstance(listed, list):
                yield from (entry for entry in listed if isinstance(entry, dict))

    def subcharts(self) -> set[str]:
        """Names of the charts in `charts/`, unpacked or packed."""
        inside = {PurePosixPath(path) for path in self.texts}
        unpacked = {
            about_of(self.texts[str(path)]).name
            for path in inside
            if path.name == "Chart.yaml" and len(path.parts) == 3 and path.parts[0] == "charts"
        }
        return unpacked | {chart.about("Chart.yaml").name for chart in self.packed}

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = _safe(member.name)
        if member.isdir():
            return
        if not member.isreg():
            raise ChartInvalid(
                f"{path} is a link or a special file, which a chart may not hold", file=str(path)
            )
        self._totals["files"] += 1
        self._totals["bytes"] += member.size
        check_size(self._totals["files"], self._totals["bytes"])
        if member.size > MAX_FILE:
            raise ChartInvalid(f"{path} is larger than {MAX_FILE >> 20} MiB", file=str(path))
        below = PurePosixPath(*path.parts[1:])
        if path.name in ("Chart.yaml", "requirements.yaml"):
            self.texts[str(below)] = _extract(tar, member)
        elif path.name == "values.schema.json":
            check_schema(_extract(tar, member), str(path))
        elif path.suffix == ".tgz" and below.parent.name == "charts":
            inner = _Contents(self)
            inner.read(_extract(tar, member), str(path))
            self.looks_up |= inner.looks_up
            if len(below.parts) == 2:
                self.packed.append(inner)
        elif "templates" in below.parts and not self.looks_up:
            self.looks_up = _LOOKUP.search(_extract(tar, member)) is not None


class _Capped:
    """A reader that refuses to give more than a chart may hold, headers and padding included."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed
        self._left = MAX_UNPACKED + MAX_FILES * 2048

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise ChartInvalid(f"the chart unpacks to more than {MAX_UNPACKED >> 20} MiB")
        data = self._packed.read(size)
        self._left -= len(data)
        return data


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None  # a regular file
    return file.read()


def check_size(files: int, total: int) -> None:
    if files > MAX_FILES:
        raise ChartInvalid(f"the chart holds more than {MAX_FILES} files")
    if total > MAX_UNPACKED:
        raise ChartInvalid(f"the chart unpacks to more than {MAX_UNPACKED >> 20} MiB")


def _safe(name: str) -> PurePosixPath:
    """A member's path, refused when it could point outside the chart's folder."""
    path = PurePosixPath(name)
    if (
        path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or not name.isprintable()
        or ":" in path.parts[:1]
    ):
        raise ChartInvalid(f"the archive holds a file outside its folder: {name!a}")
    return path


def _refuse_missing_dependencies(about: About, chart: _Contents) -> None:
    present = chart.subcharts()
    missing = [
        f"{word(entry.get('name'))} {word(entry.get('version'))}".strip()
        for entry in chart.dependencies()
        if word(entry.get("name")) not in present
    ]
    if missing:
        raise ChartInvalid(
            f"Chart {about.name} depends on {', '.join(missing)}, which its charts/ folder does not hold: "
            "run `helm dependency build` in the chart and keep the result with it",
            file="Chart.yaml",
        )


def about_of(text: bytes) -> About:
    fields = _mapping(text, "Chart.yaml")
    name, version = fields.get("name"), word(fields.get("version"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ChartInvalid(
            f"Chart.yaml names the chart {word(name)!r}, which is no chart name", file="Chart.yaml"
        )
    if not version:
        raise ChartInvalid("Chart.yaml gives no version", file="Chart.yaml")
    return About(name, version, word(fields.get("appVersion")))


def _mapping(text: bytes, path: str) -> dict[str, Any]:
    try:
        content = load(text)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise ChartInvalid(f"{path} is not valid YAML: {error.problem}", file=path, line=line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ChartInvalid(f"{path} is not valid YAML", file=path) from error
    if not isinstance(content, dict):
        raise ChartInvalid(f"{path} must be a mapping", file=path)
    return content
