"""The images of a repository, newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.images.errors import TagMissing
from bot.images.registry import Registries

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """One tag: the digest that it names, when that was built, its bytes, and its platforms where it has several."""

    tag: str
    digest: str
    created: datetime | None
    size: int
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a repository's tags, and how many there are in all."""

    images: tuple[Listed, ...]
    total: int


async def newest(registries: Registries, repository: str, *, skip: int, most: int) -> Listing:
    """`most` tags after the first `skip`, by when their images were built; those that do not say come last.

    Raises: ReferenceInvalid, RepositoryMissing, RegistryRefused, RegistryUnreachable.
    """
    tags = await registries.tags(repository)
    built = await registries.built(repository, tags)
    order = sorted(built, key=lambda tag: (built[tag] or _BEFORE_ALL, tag), reverse=True)
    page: Sequence[str] = order[skip : skip + most]
    found = await asyncio.gather(*(_listed(registries, repository, tag) for tag in page))
    return Listing(tuple(each for each in found if each is not None), len(order))


async def _listed(registries: Registries, repository: str, tag: str) -> Listed | None:
    try:
        digest = await registries.digest(repository, tag)
        facts = await registries.facts(repository, digest)
    except TagMissing:  # it went away meanwhile
        return None
    return Listed(tag, digest, facts.created, facts.size, facts.platforms)
