"""Text that remembers which file and line it was written at, and what stood there before `${NAME}` was filled in.

So a path can be relative to the file that names it, and a problem can say where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from pydantic import ValidationInfo

VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; lines and columns from 1."""

    file: Path
    line: int
    column: int


class Located(str):
    """A scalar of the configuration. As text it is what stands there with its variables filled in."""

    mark: Mark
    raw: str
    missing: tuple[str, ...]
    """Variables that are not set; their `${NAME}` is left in the text."""

    @classmethod
    def read(cls, raw: str, mark: Mark, environ: Mapping[str, str]) -> Self:
        """Fill in the variables of `raw`."""
        text, missing = expand(raw, environ)
        located = cls(text)
        located.mark, located.raw, located.missing = mark, raw, missing
        return located

    @property
    def folder(self) -> Path:
        """What a path written here is relative to."""
        return self.mark.file.parent


def expand(raw: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """`raw` with each `${NAME}` replaced where `environ` has it, and the names that it lacks."""
    missing = tuple(name for name in VARIABLE.findall(raw) if name not in environ)
    return VARIABLE.sub(lambda match: environ.get(match[1], match[0]), raw), missing


def note_secret(info: ValidationInfo, value: Any) -> None:
    """Tell the load that `value` is a secret's name: that its variable is not set yet is no problem of the file."""
    if info.context is not None and isinstance(value, Located):
        info.context.setdefault("secrets", set()).add(value.mark)
