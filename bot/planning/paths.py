"""Dotted paths into values, such as `db.password` or `web.replicas`, and layers of values over each other."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from bot.masking import HIDDEN
from bot.planning.errors import PlanRefused

Values = dict[str, Any]

Path = tuple[str, ...]
"""The keys on the way to a value. Lists are no part of a way: they are values as a whole, as Helm merges them."""


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


def spelled(path: Path) -> str:
    """The path as people write it: dotted, names that hold dots themselves in quotes."""
    return ".".join(f'"{name}"' if "." in name else name for name in path)


def at(values: Any, path: Path) -> Any:
    """The value at a path, or None."""
    for name in path:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def ends(values: Mapping[str, Any], wanted: Callable[[Any], bool] = lambda _: True) -> frozenset[Path]:
    """Every path that ends in something else than a mapping; of a list, if any scalar in it is `wanted`."""
    return frozenset(
        path for path, value in _ends(values, ()) if any(wanted(each) for each in scalars(value))
    )


def _ends(values: Mapping[str, Any], below: Path) -> Iterator[tuple[Path, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _ends(value, (*below, key))
        else:
            yield (*below, key), value


def outside(some: frozenset[Path], others: frozenset[Path]) -> frozenset[Path]:
    """Those of `some` that are neither among the others nor below one of them."""
    return frozenset(
        path for path in some if not any(path[:length] in others for length in range(1, len(path) + 1))
    )


def hidden(values: Mapping[str, Any], where: frozenset[Path], below: Path = ()) -> Values:
    """A copy with nothing to be seen at these paths, nor below them."""
    shown: Values = {}
    for key, value in values.items():
        path = (*below, key)
        if path in where:
            shown[key] = HIDDEN
        else:
            shown[key] = hidden(value, where, path) if isinstance(value, Mapping) else value
    return shown


def scalars(value: Any) -> Iterator[Any]:
    """Every scalar in a value, null included."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from scalars(each)
    else:
        yield value


def leaves(values: Any) -> list[str]:
    """Every scalar below that says something, as text."""
    return [str(each) for each in scalars(values) if each is not None and not isinstance(each, bool)]
