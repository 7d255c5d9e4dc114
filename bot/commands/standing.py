"""How apps stand in their environments right now: Helm's record beside what the cluster shows."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.access import Identity
from bot.cluster.errors import ClusterError
from bot.commands.services import Services
from bot.config import Target
from bot.helm.errors import HelmError
from bot.planning.errors import PlanRefused, ReleaseStuck
from bot.planning.live import read_live, version_of
from bot.planning.plan import refs
from bot.rollout.judging import judged
from bot.rollout.looking import look
from bot.rollout.verdicts import ObjectRef
from bot.rollout.workloads import FOLLOWED, progress

AT_ONCE = 8
"""Releases looked at at the same time: each look is a few calls to its cluster."""

SYMBOLS = {
    "failed": "❌",
    "unfinished": "⚠️",
    "unreachable": "⚠️",
    "moving": "🔄",
    "healthy": "✅",
    "absent": "⚪",
}
"""By state, the worst first."""


@dataclass(frozen=True)
class Workload:
    """One workload of a release."""

    kind: str
    name: str
    ready: int
    desired: int


@dataclass(frozen=True)
class Standing:
    """One app in one environment; `words` says why where it is not healthy."""

    app: str
    environment: str
    state: str
    version: str = ""
    words: str = ""
    quote: str = ""
    advice: str = ""
    revision: int = 0
    since: datetime | None = None
    workloads: tuple[Workload, ...] = ()

    @property
    def symbol(self) -> str:
        """The symbol of its state."""
        return SYMBOLS[self.state]

    @property
    def ready(self) -> str:
        """Pods that are ready, of all: "3/3"; "" without workloads."""
        desired = sum(each.desired for each in self.workloads)
        return f"{sum(each.ready for each in self.workloads)}/{desired}" if desired else ""


async def standing(services: Services, target: Target, identity: Identity | None) -> Standing:
    """Look at one release; what can't be asked is a state, not an error."""
    bare = Standing(target.app.name, target.environment.name, "absent")
    try:
        return await _look(services, target, identity, bare)
    except ReleaseStuck as stuck:
        ours = await services.desk.holder(stuck.site.id.subject)
        if ours is not None:
            words = f"{ours.what} by {ours.author}"
            return replace(bare, state="moving", words=words, revision=stuck.revision, since=stuck.since)
        words = f"revision {stuck.revision} is {stuck.status}"
        return replace(bare, state="unfinished", words=words, revision=stuck.revision, since=stuck.since)
    except (HelmError, ClusterError, PlanRefused) as error:
        return replace(bare, state="unreachable", words=error.words)


async def all_standing(
    services: Services, targets: Sequence[Target], identity: Identity | None
) -> list[Standing]:
    """Look at several, trouble first."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> Standing:
        async with turns:
            return await standing(services, target, identity)

    found = await asyncio.gather(*(one(target) for target in targets))
    worst = list(SYMBOLS)
    return sorted(found, key=lambda each: worst.index(each.state))


def by_app(found: Sequence[Standing]) -> list[tuple[str, list[Standing]]]:
    """The same by app, the app with the worst trouble first; what is not deployed is left out."""
    apps: dict[str, list[Standing]] = {}
    for each in found:
        if each.state != "absent":
            apps.setdefault(each.app, []).append(each)
    return list(apps.items())


async def _look(services: Services, target: Target, identity: Identity | None, bare: Standing) -> Standing:
    site = await services.planner.site(target, identity)
    live = await read_live(services.releases, site, brief=True)
    if live.revision is None:
        return bare
    cluster = (await services.clusters.at(site.access)).as_(site.identity)
    objects = [ObjectRef(each.api_version, each.kind, each.name) for each in refs(live.objects)]
    picture = await look(cluster, site.namespace, objects)
    verdict = judged(picture, objects)
    workloads = []
    for each in objects:
        item = picture.get(each.kind, each.name)
        if each.kind in FOLLOWED and item is not None and each.kind != "PersistentVolumeClaim":
            now = progress(picture, item)
            workloads.append(Workload(each.kind, each.name, now.ready, now.desired))
    worst = verdict.troubles[0] if verdict.troubles else None
    states = {"healthy": "healthy", "failed": "failed", "unknown": "failed" if worst else "moving"}
    mask = services.masker().mask_text
    return replace(
        bare,
        state=states[verdict.health],
        version=version_of(target, live.past, live.record),
        words=mask(worst.sentence() if worst else verdict.words),
        quote=mask(worst.quote) if worst and target.environment.disclose == "logs" else "",
        advice=worst.advice if worst else "",
        revision=live.revision.number,
        since=live.revision.updated,
        workloads=tuple(workloads),
    )
