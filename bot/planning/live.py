"""What runs now: the live revision's objects and hooks, and which version of the app it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cachetools import LRUCache

from bot.config import Target
from bot.helm.client import Helm
from bot.helm.releases import ReleaseRecord, Revision
from bot.planning import manifests, paths
from bot.planning.errors import ReleaseStuck
from bot.planning.manifests import Manifest, Object, ObjectKey
from bot.planning.releases import Past, Releases
from bot.planning.site import Site

GLANCED = 64
"""Releases whose records are kept at hand."""

_Texts = tuple[ReleaseRecord, list[Manifest], list[Manifest]]


@dataclass(frozen=True)
class Live:
    """What is deployed now: its manifest's objects and hooks, none when nothing is."""

    past: Past
    revision: Revision | None
    record: ReleaseRecord | None
    objects: Sequence[Manifest]
    hooks: Sequence[Manifest]
    marks: Sequence[Object] = ()
    """As the cluster has them: the metadata of the revision's own Secret, then the objects that are there."""
    found: Mapping[ObjectKey, Object | None] = field(default_factory=dict)
    """The release's objects as the cluster has them: None where there is none, absent where it may not be read."""

    @property
    def is_install(self) -> bool:
        """Whether a deploy installs: there is no release, or nothing but what is kept of one that was uninstalled."""
        return self.past.newest is None or self.past.newest.status == "uninstalled"

    @property
    def there(self) -> list[Manifest]:
        """What was found, as manifests."""
        return [Manifest(key, item) for key, item in self.found.items() if item is not None]


async def read_live(helm: Helm, releases: Releases, site: Site) -> Live:
    """What is deployed now.

    Raises: ReleaseStuck when an earlier run did not finish.
    """
    past = await releases.past(site)
    refuse_stuck(site, past)
    if past.live is None:
        return _nothing(past)
    return Live(past, past.live, *await _read(helm, site, past.live))


class Glances:
    """What is deployed now, for whoever looks often: a record is read again when Helm's history has another.

    The history is asked each time, in the name of whoever looks: it takes the right that the record takes.
    """

    def __init__(self, helm: Helm, releases: Releases) -> None:
        self._helm = helm
        self._releases = releases
        self._known: LRUCache[tuple[Site, int, str, datetime], _Texts] = LRUCache(GLANCED)

    async def live(self, site: Site) -> Live:
        """As `read_live`, without descriptions; who looks changes nothing in it.

        Raises: ReleaseStuck when an earlier run did not finish.
        """
        past = await self._releases.past(site, brief=True)
        refuse_stuck(site, past)
        if past.live is None:
            return _nothing(past)
        return Live(past, past.live, *await self.texts(site, past.live))

    async def texts(self, site: Site, revision: Revision) -> _Texts:
        """The record of a revision that the history has just shown, its objects and its hooks."""
        key = (site, revision.number, revision.status, revision.updated)
        texts = self._known.get(key)
        if texts is None:
            texts = self._known[key] = await _read(self._helm, site, revision)
        return texts


def _nothing(past: Past) -> Live:
    """Of a release that is not there."""
    return Live(past, None, None, (), ())


async def _read(helm: Helm, site: Site, revision: Revision) -> _Texts:
    record = await helm.get(site.location, revision.number, site.identity)
    return record, *await asyncio.to_thread(of_record, record, site.namespace)


def refuse_stuck(site: Site, past: Past) -> None:
    """Raises: ReleaseStuck when an earlier run did not finish."""
    newest = past.newest
    if newest is not None and newest.busy:
        raise ReleaseStuck(site, newest.number, newest.status, newest.updated, past.maker(newest))


def of_record(record: ReleaseRecord, namespace: str) -> tuple[list[Manifest], list[Manifest]]:
    """The objects and the hooks of a stored revision."""
    objects = manifests.parse({"manifest": record.manifest}, namespace)
    hooks = manifests.parse({hook.path: hook.manifest for hook in record.hooks}, namespace)
    return objects, hooks


def values_of(record: ReleaseRecord | None) -> Mapping[str, Any]:
    """The values that a revision was given; none where there is no revision."""
    return record.values if record is not None else {}


def version_of(target: Target, past: Past, record: ReleaseRecord | None) -> str:
    """The app's version in a revision: as we recorded it, else the tag in its values, else the chart's word."""
    if record is None:
        return ""
    judged = past.verdicts.get(record.revision.number)
    if judged is not None and judged.version:
        return judged.version
    if target.app.image is None:
        return record.revision.chart_version
    keys = target.app.image_value
    if keys.single is not None:
        reference = str(paths.get(record.values, keys.single) or "").partition("@")[0]
        return reference.rpartition(":")[2] or record.revision.app_version
    tag = paths.get(record.values, keys.tag) if keys.tag is not None else None
    return str(tag or record.revision.app_version)
