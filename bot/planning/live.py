"""What runs now: the live revision's objects and hooks, and which version of the app it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from bot.cluster.clusters import Clusters
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


@dataclass
class _Known:
    """What Helm said of a release while its Secrets were as `marks` says."""

    marks: frozenset[tuple[str, str]]
    """Uid and resourceVersion of each: whatever becomes of a revision, one of them is another then."""
    revisions: Sequence[Revision]
    texts: dict[int, _Texts] = field(default_factory=dict)


class Glances:
    """Releases for whoever looks often: Helm is asked again when one of a release's Secrets is another than before.

    Their metadata is listed each time, in the name of whoever looks: it takes the right that Helm's history takes.
    """

    def __init__(self, helm: Helm, releases: Releases, clusters: Clusters) -> None:
        self._helm = helm
        self._releases = releases
        self._clusters = clusters
        self._known: LRUCache[Site, _Known] = LRUCache(GLANCED)

    async def past(self, site: Site) -> Past:
        """As `Releases.past`, without descriptions. Raises: HelmError, ClusterError."""
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        labels = f"owner=helm,name={site.release}"
        secrets = await cluster.metadata("v1", "Secret", site.namespace, labels=labels)
        marks = frozenset((it["metadata"]["uid"], it["metadata"]["resourceVersion"]) for it in secrets)
        known = self._known.get(site)
        if known is None or known.marks != marks:
            revisions = await self._helm.history(site.location, site.identity, brief=True)
            known = self._known[site] = _Known(marks, revisions)
        return await self._releases.judged(site, known.revisions)

    async def live(self, site: Site) -> Live:
        """As `read_live`, without descriptions; who looks changes nothing in it.

        Raises: ReleaseStuck when an earlier run did not finish; HelmError, ClusterError.
        """
        past = await self.past(site)
        refuse_stuck(site, past)
        if past.live is None:
            return _nothing(past)
        return Live(past, past.live, *await self.texts(site, past.live))

    async def texts(self, site: Site, revision: Revision) -> _Texts:
        """The record of a revision that `past` has just shown, its objects and its hooks."""
        known = self._known.get(site)
        if known is None or revision not in known.revisions:  # others looked meanwhile, and it is another now
            return await _read(self._helm, site, revision)
        if revision.number not in known.texts:
            known.texts[revision.number] = await _read(self._helm, site, revision)
        return known.texts[revision.number]


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
