"""Programs that tests run and that no package has: built with Go, once, from a module that pins what they consist of.

What is built is kept in a cache outside the checkout, in a folder of its own for each state of the Go module.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.programs import lacking


class Unavailable(Exception):
    """The programs are not to be had here; the message says in one line what to set."""


@dataclass(frozen=True)
class GoPrograms:
    """Programs, and the Go module that they are built from."""

    name: str
    """Of their folder in the cache."""
    module: Path
    """The folder of go.mod, whose `tool` directives name the packages as well, and go.sum."""
    packages: Mapping[str, str]
    """Each program's."""
    stamps: Mapping[str, str]
    """Variables of Go that get a value when a program is linked, such as its version."""
    how: str
    """What to do where they are not to be had: a line with places for {go}, a version, and {programs}."""
    assets: str = ""
    """The environment variable that may name a folder with programs to use instead of building them."""

    def found(self) -> dict[str, Path]:
        """Every program, without building anything: that takes longer than a test may.

        Raises: Unavailable where one is missing.
        """
        paths = {name: self._given(name) or self._built(name) for name in self.packages}
        if not all(path.is_file() for path in paths.values()):
            raise self._unavailable()
        return paths

    def build(self, say: Callable[[str], None]) -> dict[str, Path]:
        """Every program, the missing ones built one after the other; what is going on is told to `say`.

        Raises: Unavailable where Go is missing or too old, CalledProcessError where it does not build.
        """
        paths: dict[str, Path] = {}
        for number, name in enumerate(self.packages, 1):
            path = self._given(name) or self._built(name)
            if not path.is_file():
                say(f"[{number}/{len(self.packages)}] building {name}; the first time this takes minutes")
                with _alone(path.parent):
                    if not path.is_file():  # another process may have built it while we waited
                        self._go_build(name, path)
            paths[name] = path
        return paths

    def _unavailable(self) -> Unavailable:
        go = ".".join(str(part) for part in self._required_go())
        return Unavailable(self.how.format(go=go, programs=", ".join(self.packages)))

    def _given(self, name: str) -> Path | None:
        """The program in the folder of `assets`, which need not have all of them: the others are then built."""
        folder = os.environ.get(self.assets)
        path = Path(folder) / name if folder else None
        return path if path is not None and path.is_file() else None

    def _built(self, name: str) -> Path:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        state = hashlib.sha256((self.module / "go.mod").read_bytes() + (self.module / "go.sum").read_bytes())
        return caches / "pilothouse" / self.name / state.hexdigest()[:16] / name

    def _go_build(self, name: str, path: Path) -> None:
        go = shutil.which("go")
        if go is None or self._version_of_go(go) < self._required_go():
            raise self._unavailable()
        unfinished = path.with_suffix(".unfinished")
        stamps = " ".join(f"-X {variable}={value}" for variable, value in self.stamps.items())
        flags = ["-trimpath", f"-ldflags=-s -w {stamps}"]
        command = [go, "build", *flags, "-o", str(unfinished), self.packages[name]]
        # -mod=mod would write to go.sum, a vendor folder is never there: what is pinned is what is built
        subprocess.run(command, cwd=self.module, env={**os.environ, "GOFLAGS": "-mod=readonly"}, check=True)
        unfinished.rename(path)

    def _required_go(self) -> tuple[int, ...]:
        match = re.search(r"^go (\S+)", (self.module / "go.mod").read_text(), re.MULTILINE)
        assert match is not None, "go.mod names no version of Go"
        return tuple(int(part) for part in match[1].split("."))

    def _version_of_go(self, go: str) -> tuple[int, ...]:
        words = subprocess.run(
            [go, "env", "GOVERSION"], cwd=self.module, capture_output=True, text=True, check=False
        )
        return tuple(int(part) for part in re.findall(r"\d+", words.stdout)[:3])


def pinned(folder: Path, module: str) -> str:
    """The version of a module that the go.mod of `folder` requires, as "v1.37.2"."""
    match = re.search(rf"^\t{re.escape(module)} (v\S+)", (folder / "go.mod").read_text(), re.MULTILINE)
    assert match is not None, f"go.mod does not require {module}"
    return match[1]


def say(words: str) -> None:
    """Tell on stderr what is going on: it may take minutes."""
    sys.stderr.write(f"{words}\n")


@contextmanager
def to_be_had() -> Iterator[None]:
    """Where what is needed within the block is unavailable, a skip; in CI a failure."""
    try:
        yield
    except Unavailable as why:
        lacking(str(why))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One builder at a time: the workers of a test run may all find that there is nothing yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
