"""What is wrong with a configuration, said so that the person at the file can mend it.

ConfigError
├── ConfigInvalid      the files: every problem at once, each with file and line
└── SecretMissing      a secret that the configuration names is not there (any more)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend."""

    file: Path
    line: int
    """From 1; 0 where there is no such place, e.g. when the file itself is missing."""
    column: int
    where: str
    """The key, as `apps.shop.image`; empty for the file as a whole."""
    message: str
    hint: str = ""
    """How to mend it, e.g. `did you mean image?`; empty when the message says it all."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else str(self.file)
        key = f" {self.where}" if self.where else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}{key}: {self.message}{hint}"


class ConfigError(Exception):
    """The configuration cannot be used as it is."""


class ConfigInvalid(ConfigError):
    """The files say something that cannot be meant; `problems` has all of it, in the files' order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


class SecretMissing(ConfigError):
    """A secret cannot be read: its variable is not set, or its file is missing or empty."""
