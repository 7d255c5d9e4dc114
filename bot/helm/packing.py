"""Packing a chart's folder into an archive, and judging an archive without unpacking it to disk.

Both refuse what has hurt Helm: bombs (CVE-2025-32386), links (CVE-2025-53547), names that leave the tree
(CVE-2026-35206) and schemas that point at files, devices or hosts (CVE-2025-55199). See threats.md, rows 16
to 19.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import stat
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any, cast

import yaml

from bot.helm.errors import ChartInvalid

MAX_PACKED = 20 << 20
"""Bytes of a `.tgz`; Helm keeps a release in a Secret of at most 1 MiB, so real charts are far smaller."""
MAX_UNPACKED = 64 << 20
"""Bytes of all files together."""
MAX_FILES = 5000
MAX_FILE = 10 << 20
_DEEPEST = 200
"""Nesting of a schema: real ones stay below 40."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,248}[a-z0-9])?", re.IGNORECASE)
_METASCHEMA = re.compile(r"https?://json-schema\.org/(?:draft-0[4-7]|draft/20(?:19-09|20-12))/schema#?")


@dataclass(frozen=True, slots=True)
class About:
    """What Chart.yaml says."""

    name: str
    version: str
    app_version: str


def pack(folder: Path) -> bytes:
    """The folder as a `.tgz` that depends on its files' names, contents and executable bits alone.

    `.helmignore` is obeyed for plain patterns; links and special files are refused.

    Raises: ChartInvalid; OSError when it cannot be read.
    """
    about = _about((folder / "Chart.yaml").read_bytes())
    ignored = _ignored(folder)
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        total = 0
        for count, (name, path) in enumerate(_files(folder, ignored), start=1):
            content = _content(path, name)
            total += len(content)
            _check_size(count, total)
            entry = tarfile.TarInfo(f"{about.name}/{name}")
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def inspect(data: bytes) -> About:
    """Judge an archive, subcharts packed inside it included, and say which chart it is.

    Raises: ChartInvalid, with the file where there is one.
    """
    chart = _Contents()
    chart.read(data)
    about = chart.about("Chart.yaml")
    _refuse_missing_dependencies(about, chart)
    return about


class _Contents:
    """The few files of an archive that matter here, and what all of it adds up to."""

    def __init__(self, budget: _Contents | None = None) -> None:
        self.texts: dict[str, bytes] = {}
        """Path below the chart's own folder to content, of Chart.yaml and its like."""
        self._totals: dict[str, int] = {"files": 0, "bytes": 0} if budget is None else budget._totals
        self._depth: int = 0 if budget is None else budget._depth + 1
        self.packed: dict[str, _Contents] = {}

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
        except (
            tarfile.TarError,
            EOFError,
            gzip.BadGzipFile,
            zlib.error,
            UnicodeError,
            OverflowError,
        ) as error:
            raise ChartInvalid(f"{name} is no chart archive (a .tgz): {error}") from error

    def about(self, path: str) -> About:
        if path not in self.texts:
            raise ChartInvalid("the archive holds no Chart.yaml in a folder of its own", file=path)
        return _about(self.texts[path])

    def dependencies(self) -> Iterator[Mapping[str, Any]]:
        for path in ("Chart.yaml", "requirements.yaml"):
            listed = _mapping(self.texts[path], path).get("dependencies") if path in self.texts else None
            yield from (entry for entry in listed or () if isinstance(entry, dict))

    def subcharts(self) -> set[str]:
        """Names of the charts in `charts/`, unpacked or packed."""
        inside = {PurePosixPath(path) for path in self.texts}
        unpacked = {
            _about(self.texts[str(path)]).name
            for path in inside
            if path.name == "Chart.yaml" and len(path.parts) == 3 and path.parts[0] == "charts"
        }
        return unpacked | {chart.about("Chart.yaml").name for chart in self.packed.values()}

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
        _check_size(self._totals["files"], self._totals["bytes"])
        if member.size > MAX_FILE:
            raise ChartInvalid(f"{path} is larger than {MAX_FILE >> 20} MiB", file=str(path))
        below = PurePosixPath(*path.parts[1:])
        if path.name in ("Chart.yaml", "requirements.yaml"):
            self.texts[str(below)] = _extract(tar, member)
        elif path.name == "values.schema.json":
            _check_schema(_extract(tar, member), str(path))
        elif path.suffix == ".tgz" and len(below.parts) == 2 and below.parts[0] == "charts":
            inner = self.packed[str(below)] = _Contents(self)
            inner.read(_extract(tar, member), str(path))


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


def _check_size(files: int, total: int) -> None:
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
        f"{entry.get('name')} {entry.get('version', '')}".strip()
        for entry in chart.dependencies()
        if entry.get("name") not in present
    ]
    if missing:
        raise ChartInvalid(
            f"Chart {about.name} depends on {', '.join(missing)}, which its charts/ folder does not hold: "
            "run `helm dependency build` in the chart and keep the result with it",
            file="Chart.yaml",
        )


def _about(text: bytes) -> About:
    fields = _mapping(text, "Chart.yaml")
    name, version = fields.get("name"), fields.get("version")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ChartInvalid(f"Chart.yaml names the chart {name!r}, which is no chart name", file="Chart.yaml")
    if not version:
        raise ChartInvalid("Chart.yaml gives no version", file="Chart.yaml")
    return About(name, str(version), str(fields.get("appVersion") or ""))


def _mapping(text: bytes, path: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise ChartInvalid(f"{path} is not valid YAML: {error.problem}", file=path, line=line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ChartInvalid(f"{path} is not valid YAML", file=path) from error
    if not isinstance(content, dict):
        raise ChartInvalid(f"{path} must be a mapping", file=path)
    return content


def _check_schema(text: bytes, path: str) -> None:
    """Refuse a schema that makes Helm open files or hosts, or that nests deeper than any person writes."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ChartInvalid(f"{path} is not valid JSON: {error}", file=path) from error
    for depth, node in _nodes(schema):
        if depth > _DEEPEST:
            raise ChartInvalid(f"{path} nests deeper than {_DEEPEST} levels", file=path)
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            target = node.get(key)
            if isinstance(target, str) and not target.startswith("#"):
                raise ChartInvalid(
                    f"{path} refers to {target[:200]!a}: a schema may only refer to itself (#/…)",
                    file=path,
                )
        meta = node.get("$schema")
        if isinstance(meta, str) and not _METASCHEMA.fullmatch(meta):
            raise ChartInvalid(f"{path} has the unknown $schema {meta[:200]!a}", file=path)


def _nodes(root: object) -> Iterator[tuple[int, dict[str, Any]]]:
    """All mappings of a JSON document with their depth, without recursion."""
    waiting: list[tuple[int, object]] = [(0, root)]
    while waiting:
        depth, node = waiting.pop()
        if isinstance(node, dict):
            yield depth, node
            waiting.extend((depth + 1, child) for child in node.values())
        elif isinstance(node, list):
            waiting.extend((depth + 1, child) for child in node)


def _files(folder: Path, ignored: list[str]) -> Iterator[tuple[str, Path]]:
    """The chart's files in a fixed order, as names relative to it."""
    for parent, folders, files in os.walk(folder):
        below = Path(parent).relative_to(folder)
        for name in folders:
            if Path(parent, name).is_symlink():
                raise ChartInvalid(
                    f"{below / name} is a link, which a chart may not hold", file=str(below / name)
                )
        folders[:] = sorted(name for name in folders if not _is_ignored(below / name, ignored, folder=True))
        for name in sorted(files):
            if not _is_ignored(below / name, ignored, folder=False):
                yield (below / name).as_posix(), Path(parent, name)


def _content(path: Path, name: str) -> bytes:
    """A regular file's bytes, opened in a way that follows no link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ChartInvalid(f"{name} is a link or cannot be read: {error.strerror}", file=name) from error
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ChartInvalid(f"{name} is a special file, which a chart may not hold", file=name)
        if status.st_size > MAX_FILE:
            raise ChartInvalid(f"{name} is larger than {MAX_FILE >> 20} MiB", file=name)
        return file.read(MAX_FILE)


def _ignored(folder: Path) -> list[str]:
    """Patterns of .helmignore, and Helm's own for hidden templates."""
    file = folder / ".helmignore"
    lines = file.read_text(errors="replace").splitlines() if file.is_file() and not file.is_symlink() else []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return ["templates/.?*", *patterns]


def _is_ignored(path: Path, patterns: list[str], *, folder: bool) -> bool:
    """Whether Helm would leave `path` out: a pattern without a slash matches a name at any depth."""
    ignored = False
    for pattern in patterns:
        negated, bare = pattern.startswith("!"), pattern.removeprefix("!")
        if bare.endswith("/") and not folder:
            continue
        bare = bare.rstrip("/")
        subject = path.as_posix() if "/" in bare else path.name
        if fnmatch(subject, bare.removeprefix("/")):
            ignored = not negated
    return ignored
