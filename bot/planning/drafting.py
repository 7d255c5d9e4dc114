"""The parts of a plan that are the same whatever it is for: what its digest covers, and what is known of the release.

Pure: looking, rendering and comparing come before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config import Target
from bot.helm.releases import Revision
from bot.planning.foreign import foreign
from bot.planning.going_back import Stopping
from bot.planning.live import Live
from bot.planning.plan import Frozen, ObjectRef, Plan, PlanKind
from bot.planning.site import Site
from bot.planning.weighing import Weighed
from bot.store.verdicts import Judgement

NOTHING_FROZEN = Frozen()


@dataclass(frozen=True)
class Draft:
    """A plan on its way: what it is for, and what is there."""

    kind: PlanKind
    target: Target
    site: Site
    live: Live
    at: datetime
    """When it is made."""
    shouts: bool

    def inputs(self, kube_version: str = "") -> dict[str, str]:
        """What the digest of any plan covers; kinds of plans add to it what else was confirmed."""
        site, revision = self.site, self.live.revision
        verdict = self.live.past.verdicts.get(revision.number) if revision else None
        return {
            "kind": self.kind,
            "cluster": site.cluster_uid,
            "namespace": site.namespace,
            "release": site.release,
            "revision": f"{revision.number} {revision.status}" if revision else "",
            "verdict": _confirmed(verdict),
            "cluster_version": kube_version,
            "identity": f"{site.identity.user} {' '.join(site.identity.groups)}" if site.identity else "",
        }

    def plan(
        self,
        found: Weighed,
        inputs: Mapping[str, str],
        *,
        version: str,
        now: str,
        chart: str = "",
        notes: Sequence[str] = (),
        objects: tuple[ObjectRef, ...],
        frozen: Frozen = NOTHING_FROZEN,
        image_digest: str = "",
        revision: int = 0,
    ) -> Plan:
        """The plan; what else its kind has to say is put into it by whoever knows."""
        live, comparison = self.live, found.comparison
        drifts = any(each.changes for each in found.drift)
        return Plan(
            kind=self.kind,
            app=self.target.app.name,
            environment=self.target.environment.name,
            version=version,
            now=now,
            base=live.past.newest.number if live.past.newest else 0,
            revision=revision,
            chart=chart,
            image_digest=image_digest,
            lines=comparison.lines,
            notes=(*notes, *comparison.notes),
            diff=comparison.diff,
            added=comparison.added,
            removed=comparison.removed,
            unchanged=comparison.unchanged and version == now and not drifts,
            site=self.site,
            objects=objects,
            inputs=inputs,
            frozen=frozen,
            losses=found.losses,
            removes=found.removes,
            drift=found.drift,
            foreign=foreign(live.past, live.revision, live.marks, self.at) if live.revision else None,
            shouts=self.shouts,
        )


def going_back_to(revision: Revision, stopping: Stopping | None) -> dict[str, str]:
    """What the digest of a rollback covers beside: where to; and not what a deploy makes that it stops first."""
    stops = {} if stopping is None else {"revision": "", "verdict": "", "stops": stopping.operation_id}
    return {"flags": str(revision.number), **stops}


def _confirmed(verdict: Judgement | None) -> str:
    """What of a verdict is confirmed: of a mere look only that it found trouble, since a rollout goes on meanwhile."""
    if verdict is None or (not verdict.operation_id and verdict.health != "failed"):
        return ""
    return verdict.health
