"""Packing a chart's folder into an archive that depends on its files alone.

Links and special files are refused here, since an archive would no longer show them; all else is judged by
`inspecting`, as for any archive.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from bot.helm.errors import ChartInvalid
from bot.helm.inspecting import MAX_FILE, about_of, check_size


def pack(folder: Path) -> bytes:
    """The folder as a `.tgz` that depends on its files' names, contents and executable bits alone.

    `.helmignore` is obeyed for plain patterns; links and special files are refused.

    Raises: ChartInvalid; OSError when it cannot be read.
    """
    about = about_of(_content(folder / "Chart.yaml", "Chart.yaml"))
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
            check_size(count, total)
            entry = tarfile.TarInfo(f"{about.name}/{name}")
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def state(folder: Path) -> tuple[tuple[object, ...], ...]:
    """What differs once any file of the folder is another one, or was written to.

    Raises: OSError when it cannot be looked at.
    """
    found = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in (*folders, *sorted(files)):
            status = os.lstat(os.path.join(parent, name))
            found.append((parent, name, status.st_mode, status.st_ino, status.st_size, status.st_ctime_ns))
    return tuple(found)


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
        if error.errno != errno.ELOOP:
            raise
        raise ChartInvalid(f"{name} is a link, which a chart may not hold", file=name) from error
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
    lines = _content(file, file.name).decode(errors="replace").splitlines() if file.exists() else []
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
