"""YAML that comes with charts, repositories and kubeconfigs, read in the bot's own process: no bomb goes off in it.

An alias costs nothing while it is a reference; what multiplies is copying (`<<` merges) and writing out as text
(CVE-2019-11253). The first is not understood here, the second is for single values and for what was weighed.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

_MOST = 100_000
"""Values, aliases followed; the kubeconfig of a large company has some thousands."""


class _Loader(yaml.CSafeLoader):
    """Without merges: `<<` is a key of no known type, and so an error."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        return


def load(text: bytes) -> Any:
    """The only document of a text.

    Raises: yaml.YAMLError, RecursionError, ValueError.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader with less


def is_endless(data: Any) -> bool:
    """Whether written out, with its aliases followed, it would be more than anybody wrote."""
    waiting, weight = [data], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            weight += len(each)
            if weight > _MOST:
                return True
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return False


def word(value: Any) -> str:
    """A single value as text; "" for nothing, a list or a mapping, whose text could be endless."""
    return str(value) if isinstance(value, (str, int, float, date)) and not isinstance(value, bool) else ""
