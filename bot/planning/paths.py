"""Dotted paths into values, such as `db.password` or `web.replicas`, and layers of values over each other."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from bot.planning.errors import PlanRefused

Values = dict[str, Any]


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    """`above` over `below`: mappings are merged, everything else is replaced, as Helm layers values files."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def put(values: MutableMapping[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path, making the mappings on the way, also in place of null.

    Raises: PlanRefused when something on the way is no mapping.
    """
    *parents, last = path.split(".")
    here = values
    for name in parents:
        below = here.get(name)
        if below is None:
            below = here[name] = {}
        if not isinstance(below, MutableMapping):
            raise PlanRefused(f"{path} can't be set: {name} is not a mapping in the values")
        here = below
    here[last] = value


def get(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    here: Any = values
    for name in path.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(name)
    return here


def leaves(values: Any) -> list[str]:
    """Every scalar below, as text: what must be masked when the file that it came from is secret."""
    if isinstance(values, Mapping):
        return [text for value in values.values() for text in leaves(value)]
    if isinstance(values, list):
        return [text for value in values for text in leaves(value)]
    return [] if values is None or isinstance(values, bool) else [str(values)]
