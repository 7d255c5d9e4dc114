"""What is known of a release: Helm's history beside our own verdicts of its revisions.

What Helm said of a revision is kept for as long as its Secret is the same one: a plan, the operation that follows it
and the status after that all ask, and each revision takes Helm several round trips.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from bot.cluster.clusters import Clusters
from bot.helm.client import Helm
from bot.helm.errors import ReleaseMissing
from bot.helm.releases import ReleaseRecord, Revision
from bot.planning import manifests
from bot.planning.manifests import Manifest
from bot.planning.site import Site
from bot.store import verdicts
from bot.store.database import Database
from bot.store.verdicts import Judgement

OPERATION_LABEL = "pilothouse-operation"
"""Helm keeps a release's labels with each revision: by it, an operation knows its own after a crash."""

REMEMBERED = 64
"""Releases of which it is kept."""

FEW = 3
"""Revisions that are asked for one by one; with more of them Helm's whole history is read."""

Texts = tuple[ReleaseRecord, list[Manifest], list[Manifest]]
"""A revision's record, its objects and its hooks; whoever reads them changes nothing in them."""

LIVE = ("deployed", "failed", "superseded", "unknown")
"""States of a revision whose objects are (or may be) in the cluster when it is the newest."""


@dataclass(frozen=True)
class Past:
    """A release's revisions, newest last, with our verdicts by revision."""

    revisions: Sequence[Revision]
    verdicts: dict[int, Judgement]

    @property
    def newest(self) -> Revision | None:
        """The newest revision, whatever its state."""
        return self.revisions[-1] if self.revisions else None

    @property
    def live(self) -> Revision | None:
        """The revision whose objects run: the one Helm calls deployed, else the newest that touched the cluster."""
        deployed = [revision for revision in self.revisions if revision.status == "deployed"]
        if deployed:
            return deployed[-1]
        touched = [revision for revision in self.revisions if revision.status in LIVE]
        return touched[-1] if touched else None

    def healthy_before(self, number: int) -> Revision | None:
        """The last revision before `number` that was healthy by our own verdict, and not Helm's."""
        healthy = [
            revision
            for revision in self.revisions
            if revision.number < number
            and revision.number in self.verdicts
            and self.verdicts[revision.number].health == "healthy"
        ]
        return healthy[-1] if healthy else None

    def way_out(self, number: int) -> Revision | None:
        """What an unfinished revision `number` is mended to: the last healthy one, else the last that Helm says ran.

        None when there is neither, so that only removing it is left.
        """
        ran = [
            each
            for each in self.revisions
            if each.number < number and each.status in ("deployed", "superseded")
        ]
        return self.healthy_before(number) or (ran[-1] if ran else None)

    def version(self, revision: Revision | None) -> str:
        """The app's version in a revision as far as we know it, else what the chart says; "" for none."""
        if revision is None:
            return ""
        judged = self.verdicts.get(revision.number)
        return judged.version if judged and judged.version else revision.app_version

    def is_ours(self, revision: Revision) -> bool:
        """Whether an operation of ours made a revision.

        Helm's upgrades and rollbacks hand labels on, so a label that another revision had before says nothing.
        """
        judged = self.verdicts.get(revision.number)
        if judged is not None and judged.operation_id:
            return True
        label = revision.labels.get(OPERATION_LABEL)
        earlier = [each for each in self.revisions if each.number < revision.number]
        known = [each.operation_id for number, each in self.verdicts.items() if number != revision.number]
        return bool(label) and label not in {*known, *(each.labels.get(OPERATION_LABEL) for each in earlier)}

    def maker(self, revision: Revision) -> str:
        """Who made a revision: a person of ours, else whatever Helm's record says."""
        judged = self.verdicts.get(revision.number)
        return judged.author if judged and judged.author else "someone else"


@dataclass
class _Known:
    """What Helm said of one revision while its Secret was as it is now."""

    mark: tuple[str, str]
    """The Secret's uid and resourceVersion: whatever becomes of the revision, one of them is another then."""
    brief: Revision | None = None
    whole: Revision | None = None
    """With its description."""
    texts: Texts | None = None

    @property
    def revision(self) -> Revision | None:
        """As much as was read."""
        return self.whole or self.brief


class Releases:
    """Reads releases.

    The metadata of a release's Secrets is listed each time, in the name of whoever asks: that takes the right that
    Helm's history takes.
    """

    def __init__(self, helm: Helm, clusters: Clusters, database: Database) -> None:
        self._helm = helm
        self._clusters = clusters
        self._database = database
        self._known: LRUCache[Site, dict[int, _Known]] = LRUCache(REMEMBERED)

    async def past(self, site: Site, *, brief: bool = False) -> Past:
        """All revisions that Helm keeps, with our verdicts as they are now; `brief` spares their descriptions.

        Raises: HelmError, ClusterError.
        """
        known = await self._listed(site)
        if brief:
            await self._read_briefly(site, known)
        else:
            await self._read(site, known)
        found = [known[number].revision for number in sorted(known)]
        async with self._database.read() as session:
            return Past(
                [each for each in found if each is not None], await verdicts.of_release(session, site.id)
            )

    async def texts(self, site: Site, revision: Revision) -> Texts:
        """The record of a revision that `past` has just shown, with what it says is there.

        Raises: HelmError.
        """
        known = self._known.get(site, {}).get(revision.number)
        if known is None:  # somebody else has just seen that it was pruned
            return await self._texts(site, revision.number)
        if known.texts is None:
            known.texts = await self._texts(site, revision.number)
        return known.texts

    async def _listed(self, site: Site) -> dict[int, _Known]:
        """A release's revisions, each with what is still true of what was read before."""
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        labels = f"owner=helm,name={site.release}"
        secrets = await cluster.metadata("v1", "Secret", site.namespace, labels=labels)
        before, now = self._known.get(site, {}), {}
        for metadata in (each["metadata"] for each in secrets):
            mark = metadata["uid"], metadata["resourceVersion"]
            number = int(metadata["labels"]["version"])
            known = before.get(number)
            now[number] = known if known is not None and known.mark == mark else _Known(mark)
        self._known[site] = now
        return now

    async def _read(self, site: Site, known: dict[int, _Known]) -> None:
        missing = [number for number, each in known.items() if each.whole is None]
        if len(missing) > FEW:
            for revision in await self._helm.history(site.location, site.identity):
                if revision.number in known:
                    known[revision.number].whole = revision
            return

        async def one(number: int) -> None:
            try:
                record = await self._helm.get(site.location, number, site.identity)
            except ReleaseMissing:  # pruned since it was listed
                return
            known[number].whole = record.revision

        await asyncio.gather(*map(one, missing))

    async def _read_briefly(self, site: Site, known: dict[int, _Known]) -> None:
        if all(each.revision is not None for each in known.values()):
            return
        for revision in await self._helm.history(site.location, site.identity, brief=True):
            if revision.number in known:
                known[revision.number].brief = revision

    async def _texts(self, site: Site, number: int) -> Texts:
        record = await self._helm.get(site.location, number, site.identity)
        return record, *await asyncio.to_thread(of_record, record, site.namespace)


def of_record(record: ReleaseRecord, namespace: str) -> tuple[list[Manifest], list[Manifest]]:
    """The objects and the hooks of a stored revision."""
    objects = manifests.parse({"manifest": record.manifest}, namespace)
    hooks = manifests.parse({hook.path: hook.manifest for hook in record.hooks}, namespace)
    return objects, hooks
