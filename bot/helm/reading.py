"""YAML that comes with charts and repositories, read in the bot's own process, so that no bomb goes off in it.

An alias costs nothing while it is a reference; what multiplies is copying (`<<` merges) and writing out as text
(CVE-2019-11253). The first is not understood here, the second is for single values only.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml


class _Loader(yaml.CSafeLoader):
    """Without merges: `<<` is a key of no known type, and so an error."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        return


def load(text: bytes) -> Any:
    """The only document of a text.

    Raises: yaml.YAMLError, RecursionError, ValueError.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader with less


def word(value: Any) -> str:
    """A single value as text; "" for nothing, a list or a mapping, whose text could be endless."""
    return str(value) if isinstance(value, (str, int, float, date)) and not isinstance(value, bool) else ""
