"""Deals tests out to the workers of a run, so that none has a long one left when the others are done.

With `--dist worksteal` each worker gets one piece of the list, all of them equally many tests, works from its
beginning and gives from its end. So the pieces begin with what takes long, about as much of it in each, and end with
what takes no time.
"""

import itertools
import os
from collections.abc import Iterable, Sequence

import pytest

_USUALLY = {
    "checking": 2.0, "conformance": 5.0, "contract": 0.4, "crash": 8.0, "deploy": 4.0, "drift": 3.0, "dry_run": 0.5,
    "helm_cli": 2.0, "holds": 4.0, "kubectl": 0.5, "looking": 4.0, "modes": 4.0, "nodes": 2.0, "page": 3.0,
    "people": 3.0, "rbac": 4.0, "real_failures": 0.5, "sandbox": 0.5, "security": 1.0,
}  # fmt: skip
"""Seconds that other tests take in the folders where that matters: most have a world with its bot."""
_ASYNCHRONOUS = 0.1
"""Seconds of one elsewhere that has a server or a process."""
_APART = "bare_plane"
"""A fixture that each worker who needs it has for itself and that takes long to start: one worker gets its tests."""


@pytest.hookimpl(trylast=True)  # others mark by then what runs on a cluster
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = dealt(items, workers) if workers > 1 else items


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The items in the order in which equal pieces of it suit so many workers."""
    heavy: list[list[pytest.Item]] = []
    light: list[pytest.Item] = []
    for _, together in itertools.groupby(sorted(items, key=_unit), key=_unit):
        unit = list(together)
        if _seconds(unit) > 0:
            heavy.append(unit)
        else:
            light += unit
    pieces: list[list[pytest.Item]] = [[] for _ in range(workers)]
    loads = [0.0] * workers
    for unit in sorted(heavy, key=_seconds, reverse=True):
        least = loads.index(min(loads))
        pieces[least] += unit
        loads[least] += _seconds(unit)
    return list(itertools.chain.from_iterable(_filled(pieces, light)))


def _filled(pieces: Iterable[list[pytest.Item]], light: Sequence[pytest.Item]) -> Iterable[list[pytest.Item]]:
    """The pieces made equally long, as far as there are light items for that."""
    pieces, rest = list(pieces), list(light)
    left = sum(map(len, pieces)) + len(rest)
    for number, piece in enumerate(pieces):
        size = left // (len(pieces) - number)
        missing = max(0, size - len(piece))
        yield [*piece, *rest[:missing]]
        del rest[:missing]
        left -= size
    yield rest


def _unit(item: pytest.Item) -> tuple[str, str]:
    """What one worker gets as a whole: a module, or a long test alone where its module is not one."""
    if _APART in getattr(item, "fixturenames", ()):
        return _APART, ""
    alone = any(mark.name == "long" for mark in item.own_markers)
    return str(item.path), item.name if alone else ""


def _seconds(unit: Sequence[pytest.Item]) -> float:
    return sum(map(_seconds_of, unit))


def _seconds_of(item: pytest.Item) -> float:
    mark = item.get_closest_marker("long")
    if mark is not None:
        return float(mark.args[0])
    if item.get_closest_marker("asyncio") is None:
        return 0.0
    return _USUALLY.get(item.path.parent.name, _ASYNCHRONOUS)
