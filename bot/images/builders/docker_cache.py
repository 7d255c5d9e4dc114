"""Which of the images that builds have left in Docker go, so that they take no more than they may. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Layer = tuple[int, str, int]
"""When it was made, by what, and how many bytes it takes: images that have one in common have all three alike."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An image in the cache."""

    name: str
    used: datetime
    layers: frozenset[Layer]


def kept(name: str, facts: Mapping[str, Any], history: Iterable[Mapping[str, Any]]) -> Kept:
    """An image by what Docker knows of it; a build that takes it from the cache tags it again."""
    return Kept(
        name,
        datetime.fromisoformat(facts["Metadata"]["LastTagTime"]),
        frozenset((each["Created"], each["CreatedBy"], each["Size"]) for each in history),
    )


def beyond(images: Iterable[Kept], most: int) -> Iterator[str]:
    """The names of those that go, the ones first that were not used for longest, until `most` bytes are left."""
    left = sorted(images, key=lambda each: each.used)
    while left and _size(left) > most:
        yield left.pop(0).name


def _size(images: Sequence[Kept]) -> int:
    """Bytes of their layers, each counted once."""
    return sum(size for _, _, size in frozenset[Layer]().union(*(each.layers for each in images)))
