"""Charts in an HTTP repository: an index.yaml and the archives that it points to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yarl import URL

from bot.foreign_yaml import load, word
from bot.helm.downloading import DIRECT, Answer, Credentials, Download, Route, download, parsed, same_origin
from bot.helm.errors import ChartInvalid, ChartUnavailable
from bot.helm.inspecting import MAX_PACKED

MAX_INDEX = 32 << 20
"""Bytes of an index.yaml; the largest public ones have about 20 MiB."""


@dataclass(frozen=True, slots=True)
class RepoChart:
    """A chart in an HTTP repository; without a `version` the newest that is no pre-release."""

    url: str
    name: str
    version: str | None = None
    credentials: Credentials | None = None
    route: Route = DIRECT


async def fetch(source: RepoChart) -> bytes:
    """The chart's archive, checked against the index's digest.

    Raises: ChartUnavailable, ChartInvalid (the index is not valid, or the digest differs).
    """
    base = parsed(source.url.rstrip("/") + "/")
    authorization = source.credentials.header if source.credentials else {}
    async with download(base, source.route) as http:
        index = await _ok(http, base / "index.yaml", MAX_INDEX, authorization)
        entry = await asyncio.to_thread(_entry, index.body, source)
        url = base.join(parsed(word(entry["urls"][0])))
        headers = authorization if same_origin(url, base) else {}
        archive = await _ok(http, url, MAX_PACKED, headers)
    expected = word(entry.get("digest")).removeprefix("sha256:")
    if expected and hashlib.sha256(archive.body).hexdigest() != expected:
        raise ChartInvalid(
            f"Chart {source.name} from {base.host} is not what its index says: the digest differs"
        )
    return archive.body


async def versions(source: RepoChart) -> list[str]:
    """The versions of the chart that the index lists, in its order.

    Raises: ChartUnavailable, ChartInvalid.
    """
    base = parsed(source.url.rstrip("/") + "/")
    authorization = source.credentials.header if source.credentials else {}
    async with download(base, source.route) as http:
        index = await _ok(http, base / "index.yaml", MAX_INDEX, authorization)
    entries = await asyncio.to_thread(lambda: list(_entries(index.body, source.name)))
    return [word(entry.get("version")) for entry in entries]


async def _ok(http: Download, url: URL, limit: int, headers: Mapping[str, str]) -> Answer:
    answer = await http.get(url, limit=limit, headers=headers)
    match answer.status:
        case 200:
            return answer
        case 401 | 403:
            raise ChartUnavailable(f"{url.host} refuses the chart repository's credentials ({answer.status})")
        case 404:
            raise ChartUnavailable(f"{url.host} has no {url.path}")
    raise ChartUnavailable(f"{url.host} answers {answer.status} for {url.path}")


def _entry(index: bytes, source: RepoChart) -> dict[str, Any]:
    entries = list(_entries(index, source.name))
    for entry in entries:
        version = word(entry.get("version"))
        wanted = version == source.version if source.version else bool(version) and "-" not in version
        if wanted and isinstance(entry.get("urls"), list) and entry["urls"]:
            return entry
    known = ", ".join(word(entry.get("version")) for entry in entries[:5])
    raise ChartUnavailable(
        f"{source.url} has no chart {source.name} {source.version or ''}".rstrip()
        + (f"; the newest there are {known}" if known else "")
    )


def _entries(index: bytes, name: str) -> Iterator[dict[str, Any]]:
    """All versions of one chart; indexes list the newest first."""
    try:
        content = load(index)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ChartInvalid("The chart repository's index.yaml is not valid YAML") from error
    entries = content.get("entries") if isinstance(content, dict) else None
    found = entries.get(name) if isinstance(entries, dict) else None
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict))
