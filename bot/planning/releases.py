"""What is known of a release: Helm's history beside our own verdicts of its revisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.helm.client import Helm
from bot.helm.releases import Revision
from bot.planning.site import Site
from bot.store import verdicts
from bot.store.database import Database
from bot.store.verdicts import Judgement

OPERATION_LABEL = "pilothouse-operation"
"""Helm keeps a release's labels with each revision: by it, an operation knows its own after a crash."""

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


class Releases:
    """Reads releases."""

    def __init__(self, helm: Helm, database: Database) -> None:
        self._helm = helm
        self._database = database

    async def past(self, site: Site) -> Past:
        """All revisions that Helm keeps, with our verdicts.

        Raises: HelmError.
        """
        return await self.judged(site, await self._helm.history(site.location, site.identity))

    async def judged(self, site: Site, revisions: Sequence[Revision]) -> Past:
        """The revisions with our verdicts as they are now."""
        async with self._database.read() as session:
            return Past(revisions, await verdicts.of_release(session, site.id))
