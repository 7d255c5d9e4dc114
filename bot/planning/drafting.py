"""The parts of a plan that are the same whatever it is for: what its digest covers, and what is known of the release.

Pure: looking, rendering and comparing come before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.access import Identity
from bot.config import Target
from bot.planning.foreign import foreign
from bot.planning.live import Live
from bot.planning.plan import Frozen, ObjectRef, Plan, PlanKind
from bot.planning.site import Site
from bot.planning.weighing import Weighed
from bot.store.verdicts import Judgement


def inputs_of(
    kind: PlanKind, site: Site, live: Live, identity: Identity | None, kube_version: str
) -> dict[str, str]:
    """What the digest of any plan covers; kinds of plans add to it what else was confirmed."""
    revision = live.revision
    verdict = live.past.verdicts.get(revision.number) if revision else None
    return {
        "kind": kind,
        "cluster": site.cluster_uid,
        "namespace": site.namespace,
        "release": site.release,
        "revision": f"{revision.number} {revision.status}" if revision else "",
        "verdict": _confirmed(verdict),
        "cluster_version": kube_version,
        "identity": f"{site.identity.user} {' '.join(site.identity.groups)}" if site.identity else "",
    }


def drafted(
    kind: PlanKind,
    target: Target,
    site: Site,
    live: Live,
    found: Weighed,
    inputs: Mapping[str, str],
    *,
    version: str,
    now: str,
    chart: str,
    notes: Sequence[str],
    objects: tuple[ObjectRef, ...],
    frozen: Frozen,
    at: datetime,
    shouts: bool,
    image_digest: str = "",
    revision: int = 0,
) -> Plan:
    """The plan, made at that time; what else its kind has to say is put into it by whoever knows."""
    newest, comparison = live.past.newest, found.comparison
    drifts = any(each.changes for each in found.drift)
    return Plan(
        kind=kind,
        app=target.app.name,
        environment=target.environment.name,
        version=version,
        now=now,
        base=newest.number if newest else 0,
        revision=revision,
        chart=chart,
        image_digest=image_digest,
        lines=comparison.lines,
        notes=(*notes, *comparison.notes),
        diff=comparison.diff,
        added=comparison.added,
        removed=comparison.removed,
        unchanged=comparison.unchanged and version == now and not drifts,
        site=site,
        objects=objects,
        inputs=inputs,
        frozen=frozen,
        losses=found.losses,
        drift=found.drift,
        foreign=foreign(live.past, live.revision, live.marks, at) if live.revision else None,
        shouts=shouts,
    )


def _confirmed(verdict: Judgement | None) -> str:
    """What of a verdict is confirmed: of a mere look only that it found trouble, since a rollout goes on meanwhile."""
    if verdict is None or (not verdict.operation_id and verdict.health != "failed"):
        return ""
    return verdict.health
