"""The files that a build may copy: those of its folder that no .dockerignore takes out.

Nothing outside the folder is read, wherever its symbolic links lead. All methods may block.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.images.errors import BuildFailed
from bot.images.wording import one_line
from bot.patterns import Pattern, PatternInvalid, compiled

_WILD = re.compile(r"[*?\[]")
_PIECE = re.compile(
    r"(?P<deep>(?:\*\*/)+)|(?P<all>\*\*+)|(?P<some>\*)|(?P<one>\?)|(?P<set>\[[^\]/]+\])|\\?(?P<plain>.)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Something to copy. A source is called by its last part, what is below one by its path there."""

    name: str
    path: Path


class Context:
    """One build's files."""

    def __init__(self, root: Path, dockerfile: Path) -> None:
        """`dockerfile` may have an ignore file of its own beside it, which counts instead of the folder's."""
        self._root = root.resolve()
        own = dockerfile.with_name(dockerfile.name + ".dockerignore")
        self._ignored = _rules(own if own.is_file() else root / ".dockerignore", self._root)

    def sources(self, pattern: str) -> list[Found]:
        """What a source of COPY names, links followed. Raises: BuildFailed."""
        inner = posixpath.normpath("/" + pattern).lstrip("/")
        if ".." in pattern.split("/"):
            raise BuildFailed(f"{one_line(pattern, longest=60)} leads out of the source")
        named = self._matching(inner) if _WILD.search(inner) else [self._root / inner]
        found = [Found(each.name, path) for each in named if (path := self._resolved(each)) is not None]
        if not found:
            raise BuildFailed(
                f"{one_line(pattern, longest=60)} is not in the source", advice="Is it in .dockerignore?"
            )
        return found

    def below(self, folder: Path) -> Iterator[Found]:
        """A folder's contents, parents first, in the order of their names; links are not followed."""
        return self._within(folder, folder)

    def _within(self, top: Path, folder: Path) -> Iterator[Found]:
        for entry in sorted(os.scandir(folder), key=lambda each: each.name):
            path = Path(entry.path)
            is_taken = not self._is_ignored(path)
            if entry.is_dir(follow_symlinks=False):
                inner = list(self._within(top, path))
                if is_taken or inner:
                    yield Found(str(path.relative_to(top)), path)
                yield from inner
            elif is_taken:
                yield Found(str(path.relative_to(top)), path)

    def _resolved(self, path: Path) -> Path | None:
        """Where it leads, in the folder; None where nothing is. Raises: BuildFailed."""
        there = path.resolve()
        if not there.is_relative_to(self._root):
            name = path.relative_to(self._root)
            raise BuildFailed(f"{one_line(str(name), longest=60)} is a link that leads out of the source")
        if not there.exists():
            return None
        if self._is_ignored(there) and not (there.is_dir() and any(self._within(there, there))):
            return None
        return there

    def _matching(self, pattern: str) -> list[Path]:
        wanted = _compiled(_expression(pattern))
        walk = os.walk(self._root)
        everything = sorted(Path(folder, name) for folder, inner, files in walk for name in (*inner, *files))
        return [path for path in everything if wanted.search(self._name(path)) and not self._is_ignored(path)]

    def _is_ignored(self, path: Path) -> bool:
        """By the last rule that speaks of it."""
        name = self._name(path)
        return next((out for out, rule in reversed(self._ignored) if rule.search(name)), False)

    def _name(self, path: Path) -> str:
        """What rules are held to; of a name that is no text the rest counts."""
        return os.fsencode(path.relative_to(self._root)).decode(errors="replace")


def _rules(file: Path, root: Path) -> list[tuple[bool, Pattern]]:
    """What an ignore file says: whether it takes out, and what; a folder stands for all that is in it."""
    if not file.resolve().is_relative_to(root) or not file.is_file():
        return []
    found = []
    for line in file.read_text(errors="replace").splitlines():
        rule = line.strip()
        if not rule or line.startswith("#"):
            continue
        pattern = posixpath.normpath("/" + rule.removeprefix("!").strip()).lstrip("/")
        expression = _expression(pattern) if pattern else ""
        found.append((not rule.startswith("!"), _compiled(f"{expression}(?:/.*)?" if pattern else ".*")))
    return found


def _expression(pattern: str) -> str:
    """A pattern of Go's filepath.Match, and `**` for any number of folders, as an expression."""
    made = []
    for piece in _PIECE.finditer(pattern):
        if piece["deep"]:
            made.append("(?:.*/)?")
        elif piece["all"]:
            made.append(".*")
        elif piece["some"]:
            made.append("[^/]*")
        elif piece["one"]:
            made.append("[^/]")
        else:
            made.append(piece["set"] or re.escape(piece["plain"]))
    return "".join(made)


def _compiled(expression: str) -> Pattern:
    try:
        return compiled(rf"(?s)\A(?:{expression})\z")
    except PatternInvalid as error:
        raise BuildFailed(f"A pattern can't be read: {one_line(str(error), longest=80)}") from error
