"""Regular expressions that people write, by RE2: it takes time in proportion to the text, whatever they are.

Python's own could be made to run for years (and hold the whole process meanwhile) by an expression of ten
characters.
"""

from collections.abc import Mapping
from typing import Protocol

import re2

_MEMORY = 1 << 20
"""Bytes that one expression may take."""


class Found(Protocol):
    """Where an expression was found."""

    def groupdict(self) -> Mapping[str, str | None]:
        """The texts of its named groups."""
        ...


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str, /) -> Found | None:
        """The first place where it is found in a text."""
        ...


class PatternInvalid(ValueError):
    """The text is no regular expression of RE2, which has no look-around and no back-references."""


def compiled(expression: str, *, ignore_case: bool = False) -> Pattern:
    """Compile an expression.

    Raises: PatternInvalid with RE2's own words.
    """
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        pattern: Pattern = re2.compile(expression, options)
    except re2.error as error:
        raise PatternInvalid(error.args[0].decode(errors="replace") if error.args else "") from error
    return pattern
