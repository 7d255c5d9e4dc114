"""Replicas that an autoscaler set, kept while Helm applies a manifest that says otherwise.

Helm sends its whole manifest and can leave no field out of it, so for a moment the chart's number is there. It is put
back as soon as that is seen; pods that Kubernetes stops in between are started again. Whoever puts it back does so
by a name of its own, so that the next plan still knows whose number it is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from bot.cluster.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterError
from bot.planning.manifests import Manifest
from bot.planning.scaling import KEEPER, autoscaled, leaving, replicas_of
from bot.planning.trial import Autoscaled

log = structlog.get_logger(__name__)


@asynccontextmanager
async def keeping(cluster: Cluster, workloads: Sequence[Autoscaled]) -> AsyncIterator[None]:
    """Keep the replicas of these workloads while the body runs, and see to it once more when it has ended."""
    keepers = [_Keeper(cluster, each) for each in workloads]
    watching = [asyncio.create_task(each.watch()) for each in keepers]
    try:
        yield
        for each in keepers:
            await each.settle()
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def autoscaled_now(
    cluster: Cluster, before: Sequence[Manifest], after: Sequence[Manifest]
) -> tuple[Autoscaled, ...]:
    """The workloads among `after` whose replicas an autoscaler has set otherwise; `before` is what runs now.

    What can't be looked at is left out.
    """
    gone = leaving(before, after)
    found: list[Autoscaled] = []
    for each in after:
        if replicas_of(each.object) is None or each.key[1::2] in gone:
            continue
        ref = Ref(str(each.object["apiVersion"]), each.key.kind, each.key.name, each.key.namespace or None)
        with contextlib.suppress(ClusterError):
            found += autoscaled(each, await cluster.get(ref))
    return tuple(found)


class _Keeper:
    """One workload's."""

    def __init__(self, cluster: Cluster, workload: Autoscaled) -> None:
        self._cluster = cluster
        self._workload = workload
        self._ref = Ref(workload.api_version, workload.kind, workload.name, workload.namespace or None)
        self._replicas = workload.replicas
        """The autoscaler's newest number: it may go on while Helm runs its hooks."""
        self._is_kept = False

    async def watch(self) -> None:
        """Put the number back when the chart's is there; once, since Helm writes once."""
        each = self._workload
        try:
            events = self._cluster.watch(
                each.api_version, each.kind, each.namespace or None, fields=f"metadata.name={each.name}"
            )
            async with contextlib.aclosing(events) as changes:
                async for change in changes:
                    await self._see(replicas_of(change.object))
                    if self._is_kept:
                        return
        except ClusterError:
            log.exception("replicas can't be watched", workload=each.name)

    async def settle(self) -> None:
        """Look at the end, whatever the watch has seen; that it can't be done fails no change."""
        try:
            if not self._is_kept:
                await self._see(replicas_of(await self._cluster.get(self._ref) or {}))
        except ClusterError:
            log.exception("replicas could not be put back", workload=self._workload.name)

    async def _see(self, replicas: int | None) -> None:
        if replicas is None:
            return
        if replicas != self._workload.wanted:
            self._replicas = replicas
            return
        await self._cluster.patch(self._ref, {"spec": {"replicas": self._replicas}}, manager=KEEPER)
        self._is_kept = True
