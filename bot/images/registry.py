"""Asking image registries: which tags there are, what a tag names, when it was built.

The OCI distribution API (spec v1.1) and Docker's Registry v2 before it. Which of the tags is newest is left to
`versions`, how images get there to `pushing`, how a registry is reached to `endpoint` and what it is made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from cachetools import LRUCache, TTLCache
from yarl import URL

from bot.clock import Clock, SystemClock
from bot.images import answers, pushing
from bot.images.access import ServerAccess
from bot.images.dates import Dates
from bot.images.endpoint import Endpoint
from bot.images.errors import (
    ImagesError,
    ReferenceInvalid,
    RegistryRefused,
    RegistryUnreachable,
    TagMissing,
)
from bot.images.pushing import Image
from bot.images.references import Repository, is_digest, is_loopback, is_tag, parse_repository
from bot.images.tokens import Tokens
from bot.images.transport import Answer, Transport, certificates
from bot.images.versions import nearest, order
from bot.images.wording import one_line

MOST_TAGS = 50_000
PAGE = 1000
"""Tags asked for at once; registries may answer with fewer."""
MOST_ASKED = 5000
"""Tags that are asked when they were built: each takes up to four requests."""
BUILT_WITHIN = 60.0
"""Seconds that `built` may take: whoever waits for it looks at a chat."""
TAG_FRESH = 300.0
"""Seconds that a tag counts as naming what it named, where only its age is asked for."""
_MOST_FACTS = 1024
"""Configurations whose labels are kept: some have kilobytes of them."""
_MOST_NAMED = 50_000
_AT_ONCE = 8
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT = {"Accept": ", ".join(_MANIFESTS)}


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image says of itself. Of an index, its first image counts, but for the platforms."""

    created: datetime | None
    labels: Mapping[str, str]
    size: int
    """Bytes of its layers as the registry keeps them."""
    platforms: tuple[str, ...] = ()
    """Such as `linux/amd64`, of an index with several images."""


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _counted(
    call: Callable[Concatenate[Registries, _P], Awaitable[_R]],
) -> Callable[Concatenate[Registries, _P], Coroutine[Any, Any, _R]]:
    """Let `Registries.idle` wait for calls of this method."""

    @functools.wraps(call)
    async def counted(registries: Registries, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with registries._counting():
            return await call(registries, *args, **kwargs)

    return counted


class Registries:
    """All registries that the apps' images are in; close it by its context.

    `access` is keyed by host as image references have it ("registry.example.org", "docker.io",
    "registry:5000"). Registries are asked by https, those on loopback addresses by http; a key that begins
    with `http://` or `https://` has its own way.

    Every method raises: ReferenceInvalid, RegistryRefused, RegistryUnreachable.
    """

    def __init__(
        self,
        access: Mapping[str, ServerAccess] | None = None,
        *,
        clock: Clock | None = None,
        dates: Dates | None = None,
    ) -> None:
        split = {key: key.rpartition("://") for key in access or {}}
        self._access = {split[key][2].rstrip("/"): how for key, how in (access or {}).items()}
        self._schemes = {host.rstrip("/"): scheme for scheme, _, host in split.values() if scheme}
        self._clock = clock or SystemClock()
        self._open = AsyncExitStack()
        self._registries: dict[str, Endpoint] = {}
        self._facts: LRUCache[str, ImageFacts] = LRUCache(_MOST_FACTS)
        self._dates = dates if dates is not None else Dates()
        self._named: TTLCache[tuple[str, str], str] = TTLCache(_MOST_NAMED, TAG_FRESH, self._clock.monotonic)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._registries.clear()
        await self._open.aclose()

    @contextlib.contextmanager
    def _counting(self) -> Iterator[None]:
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def idle(self) -> None:
        """Wait until no call is under way."""
        await self._idle.wait()

    @_counted
    async def tags(self, repository: str) -> list[str]:
        """All tags of a repository, in the registry's order.

        Raises also: RepositoryMissing.
        """
        where = parse_repository(repository)
        registry = await self._registry(where)
        page: URL | None = registry.url(where, "tags/list").with_query(n=str(PAGE))
        seen: set[URL] = set()
        tags: dict[str, None] = {}
        while page is not None and page not in seen:
            seen.add(page)
            answer = answers.judge(await self._ask(registry, where, page), where)
            listed = answers.document(answer).get("tags")  # null where there are none
            entries = listed if isinstance(listed, list) else []
            tags.update(dict.fromkeys(tag for tag in entries if isinstance(tag, str) and is_tag(tag)))
            if len(tags) > MOST_TAGS or len(seen) > MOST_TAGS // 10:
                raise RegistryRefused(
                    f"{where} has more than {MOST_TAGS} tags: remove old ones, or set up a retention rule."
                )
            page = _same_origin(answer, registry)
        return list(tags)

    @_counted
    async def digest(self, repository: str, reference: str) -> str:
        """The digest ("sha256:…") of what a tag names, index or manifest; a digest only if it is there.

        Raises also: TagMissing with the nearest tag, RepositoryMissing.
        """
        where = parse_repository(repository)
        if not (is_tag(reference) or is_digest(reference)):
            raise ReferenceInvalid(f"“{one_line(reference, longest=80)}” cannot be a version of {where}.")
        head = await self._manifest(where, reference, method="HEAD")
        named = head.headers.get("Docker-Content-Digest", "")
        if head.status == 200 and is_digest(named) and (named == reference or is_tag(reference)):
            return named
        answer = await self._manifest(where, reference)
        if answer.status == 404:
            raise await self._missing(where, reference)
        answers.judge(answer, where)
        return answers.digest_of(answers.verified(answer, reference) if is_digest(reference) else answer)

    @_counted
    async def created(self, repository: str, digest: str) -> datetime | None:
        """When the image was built, in UTC; None when it does not say. Of an index, its first image counts.

        Raises also: TagMissing when there is no such digest.
        """
        if digest not in self._dates:
            self._dates.learn(digest, (await self._facts_of(repository, digest)).created)
        return self._dates.of(digest)

    @_counted
    async def facts(self, repository: str, digest: str) -> ImageFacts:
        """What the image says of itself. Raises also: TagMissing when there is no such digest."""
        return await self._facts_of(repository, digest)

    @_counted
    async def labels(self, repository: str, digest: str) -> Mapping[str, str]:
        """The labels in the image's configuration, such as `org.opencontainers.image.revision`.

        Raises also: TagMissing when there is no such digest.
        """
        return (await self._facts_of(repository, digest)).labels

    @_counted
    async def push(self, repository: str, tag: str, image: Image, sent: Callable[[int], None]) -> str:
        """Push an image under a tag; its digest. `sent` is told how many bytes of its layers are there, over and over.

        Raises also: RepositoryMissing, of registries that make none by themselves.
        """
        where = parse_repository(repository)
        return await pushing.push(await self._registry(where), where, tag, image, sent)

    @_counted
    async def built(self, repository: str, tags: Iterable[str]) -> dict[str, datetime | None]:
        """When each of `tags` was built, for `versions.order` by build time; a tag that went away has none.

        Up to four requests a tag where nothing is known yet, eight at a time. What an image says is kept by its
        digest, under whatever tags it is, and what a tag names for five minutes.

        Raises also: RegistryUnreachable when it takes over a minute; what was learnt till then is kept.
        """
        wanted = list(tags)
        if len(wanted) > MOST_ASKED:
            raise RegistryRefused(
                f"{len(wanted)} tags of {repository} are versions, too many to ask when each was built: "
                "let `tags.match` choose fewer, or order them by semver."
            )
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(tag: str) -> datetime | None:
            async with turns:
                try:
                    return await self.created(repository, await self._named_lately(repository, tag))
                except TagMissing:
                    return None

        try:
            async with asyncio.timeout(BUILT_WITHIN), asyncio.TaskGroup() as group:
                asked = [group.create_task(one(tag)) for tag in wanted]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        except TimeoutError:
            raise RegistryUnreachable(
                f"{repository} did not tell within {BUILT_WITHIN:.0f} s when its {len(wanted)} versions were built. "
                "Try again: what it told is kept. `tags.match` can choose fewer."
            ) from None
        finally:
            await self._dates.write()
        return dict(zip(wanted, (task.result() for task in asked), strict=True))

    async def _named_lately(self, repository: str, tag: str) -> str:
        """The digest that a tag names, or named some minutes ago."""
        digest = self._named.get((repository, tag))
        if digest is None:
            digest = self._named[repository, tag] = await self.digest(repository, tag)
        return digest

    async def _facts_of(self, repository: str, digest: str) -> ImageFacts:
        facts = self._facts.get(digest)
        if facts is None:
            facts = self._facts[digest] = await self._read_facts(parse_repository(repository), digest)
        return facts

    async def _read_facts(self, where: Repository, digest: str) -> ImageFacts:
        manifest = await self._manifest_document(where, digest)
        platforms: tuple[str, ...] = ()
        if isinstance(manifest.get("manifests"), list):
            platforms = _platforms(manifest["manifests"])
            manifest = await self._manifest_document(where, _first_image(manifest["manifests"], where))
        config = manifest.get("config")
        named = config.get("digest") if isinstance(config, dict) else None
        if not isinstance(named, str) or not is_digest(named):
            return ImageFacts(None, {}, _size(manifest), platforms)
        registry = await self._registry(where)
        answer = await self._ask(registry, where, registry.url(where, f"blobs/{named}"))
        document = answers.document(answers.verified(answers.judge(answer, where), named))
        return replace(_facts(document), size=_size(manifest), platforms=platforms)

    async def _manifest_document(self, where: Repository, digest: str) -> dict[str, Any]:
        if not is_digest(digest):
            raise ReferenceInvalid(f"“{one_line(digest, longest=80)}” is no digest of {where}.")
        answer = await self._manifest(where, digest)
        if answer.status == 404:
            raise TagMissing(str(where), digest, None)
        return answers.document(answers.verified(answers.judge(answer, where), digest))

    async def _manifest(self, where: Repository, reference: str, *, method: str = "GET") -> Answer:
        registry = await self._registry(where)
        url = registry.url(where, f"manifests/{reference}")
        return await self._ask(registry, where, url, method=method)

    async def _missing(self, where: Repository, reference: str) -> ImagesError:
        """What to say of a reference that is not there: the repository may be missing as a whole."""
        tags = await self.tags(str(where))
        likeliest = await asyncio.to_thread(lambda: nearest(reference, order(tags)))  # there may be thousands
        return TagMissing(str(where), reference, likeliest)

    async def _ask(self, registry: Endpoint, where: Repository, url: URL, *, method: str = "GET") -> Answer:
        """What all reading goes through."""
        return await registry.ask(where, url, _ACCEPT, method=method)

    async def _registry(self, where: Repository) -> Endpoint:
        if where.host not in self._registries:
            access = self._access.get(where.host, ServerAccess())
            scheme = self._schemes.get(where.host, "http" if is_loopback(where.host) else "https")
            base = URL(f"{scheme}://{where.api_host}")
            # Reading a bundle of certificates takes some milliseconds of disk and CPU.
            context = await asyncio.to_thread(certificates, access.ca_file)
            if where.host not in self._registries:
                transport = Transport(self._clock, proxy=access.proxy, tls=context)
                await self._open.enter_async_context(transport)
                tokens = Tokens(base, transport, access.credentials, self._clock)
                self._registries[where.host] = Endpoint(base, transport, tokens)
        return self._registries[where.host]


def _same_origin(answer: Answer, registry: Endpoint) -> URL | None:
    """The next page. Raises: RegistryRefused when another server is named as having it."""
    page = answer.next_page
    if page is None:
        return None
    if page.host != registry.base.host:
        raise RegistryRefused(f"The registry {registry.base.host} says that its tags go on at {page.host}.")
    # Behind a proxy that ends TLS, registries name their own scheme and port: only path and query count.
    return registry.base.with_path(page.raw_path, encoded=True).with_query(page.query)


def _first_image(entries: list[Any], where: Repository) -> str:
    """The digest of the first entry of an index that is an image, not an attestation beside one."""
    for entry in entries:
        platform = entry.get("platform") if isinstance(entry, dict) else None
        is_image = not isinstance(platform, dict) or platform.get("os") != "unknown"
        if isinstance(entry, dict) and is_image and isinstance(entry.get("digest"), str):
            return str(entry["digest"])
    raise RegistryRefused(f"An index in {where} names no image.")


def _facts(config: dict[str, Any]) -> ImageFacts:
    inner = config.get("config")
    labels = inner.get("Labels") if isinstance(inner, dict) else None
    texts = {str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {}
    return ImageFacts(_moment(config.get("created")), texts, size=0)


def _size(manifest: dict[str, Any]) -> int:
    layers = manifest.get("layers")
    sizes = (
        [each.get("size") for each in layers if isinstance(each, dict)] if isinstance(layers, list) else []
    )
    return sum(size for size in sizes if isinstance(size, int) and size > 0)


def _platforms(entries: list[Any]) -> tuple[str, ...]:
    """The platforms of an index; what is no image for one (an attestation) says unknown."""
    found = (each.get("platform") for each in entries if isinstance(each, dict))
    named = (f"{it.get('os')}/{it.get('architecture')}" for it in found if isinstance(it, dict))
    return tuple(dict.fromkeys(name for name in named if "unknown" not in name and "None" not in name))


def _moment(value: object) -> datetime | None:
    """An RFC 3339 time in UTC; None for nonsense and for the zero times of reproducible builds."""
    try:
        moment = datetime.fromisoformat(str(value))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1980 else None
