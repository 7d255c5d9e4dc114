"""What others on the machine could look at: processes while they run, and files that stay."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def contents(folder: Path) -> Iterator[bytes]:
    """Of every file below a folder, once whatever its names."""
    seen: set[int] = set()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a daemon still tidies up
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_ino not in seen:
                seen.add(found.st_ino)
                yield path.read_bytes()


def processes() -> Iterator[bytes]:
    """The arguments and the environment of every process that runs."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            for what in ("cmdline", "environ"):
                with suppress(OSError):  # it has ended
                    yield (process / what).read_bytes()
