"""What a plan must know of what is there already beside Helm's record: how it stands, and whose it is.

Only looks; who made a revision and what its values were is left to bot.planning.foreign.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.cluster.cluster import Cluster
from bot.cluster.discovery import Ref
from bot.cluster.errors import ClusterRefused
from bot.planning.errors import OwnedByOthers
from bot.planning.live import Live
from bot.planning.manifests import GENERATED, Manifest, Object, ObjectKey
from bot.planning.owners import owner_of
from bot.planning.plan import ObjectRef, refs
from bot.planning.site import Site
from bot.rollout.judging import judge
from bot.rollout.verdicts import ObjectRef as Followed
from bot.store.verdicts import Judgement

AT_ONCE = 16
"""Objects asked for at the same time: a release of forty is looked at in three round trips."""


async def surveyed(
    live: Live, site: Site, cluster: Cluster, *, now: datetime, mask: Callable[[str], str]
) -> Live:
    """What is deployed, with the marks on it, and judged where we had no verdict of it.

    Raises: OwnedByOthers, ClusterError.
    """
    judgement, seen = await asyncio.gather(
        judged_now(live, site, cluster, now=now, mask=mask), marked(live, site, cluster)
    )
    if judgement is None:
        return seen
    past = replace(live.past, verdicts={**live.past.verdicts, judgement.revision: judgement})
    return replace(seen, past=past)


async def marked(live: Live, site: Site, cluster: Cluster) -> Live:
    """What is deployed, with its objects as they are in the cluster, and the marks that they and its record bear.

    Raises: OwnedByOthers, ClusterError.
    """
    if live.revision is None:
        return live
    record, found = await asyncio.gather(
        _metadata(cluster, (record_of(site, live.revision.number),)), found_of(cluster, live.objects)
    )
    marks = [*record, *(item for item in found.values() if item is not None)]
    _refuse_owned(marks)
    return replace(live, marks=marks, found=found)


async def judged_now(
    live: Live, site: Site, cluster: Cluster, *, now: datetime, mask: Callable[[str], str]
) -> Judgement | None:
    """Our verdict of the live revision by a look at it now; None where we have one, or may not look.

    Nothing is kept, and nothing is waited for: a rollout that is under way is "unknown".
    Raises: ClusterError when the cluster can't be asked.
    """
    revision = live.revision
    if revision is None or revision.number in live.past.verdicts:
        return None
    followed = [Followed(each.api_version, each.kind, each.name) for each in refs(live.objects)]
    try:
        verdict = await judge(cluster, site.namespace, followed)
    except ClusterRefused:
        return None
    return Judgement(revision=revision.number, health=verdict.health, at=now, reason=mask(verdict.words))


async def refuse_owned(cluster: Cluster, objects: Iterable[ObjectRef]) -> list[Object]:
    """The metadata of these objects, as far as they are there, in their order.

    Raises: OwnedByOthers when another tool manages one; ClusterError.
    """
    found = await _metadata(cluster, objects)
    _refuse_owned(found)
    return found


async def found_of(cluster: Cluster, objects: Iterable[Manifest]) -> dict[ObjectKey, Object | None]:
    """The objects of a release as the cluster has them: None where there is none; those it may not read are left out.

    Raises: ClusterError.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(each: Manifest) -> tuple[ObjectKey, Object | None] | None:
        ref = Ref(each.object["apiVersion"], each.key.kind, each.key.name, each.key.namespace or None)
        async with turns:
            try:
                return each.key, await cluster.get(ref)
            except ClusterRefused:
                return None

    named = (each for each in objects if GENERATED not in each.key.name)
    return dict(pair for pair in await asyncio.gather(*map(one, named)) if pair is not None)


def _refuse_owned(found: Iterable[Object]) -> None:
    for item in found:
        if (owner := owner_of([item])) is not None:
            raise OwnedByOthers(owner, f"{item['kind']} {item['metadata'].get('name', '')}")


def record_of(site: Site, revision: int) -> ObjectRef:
    """The Secret in which Helm keeps a revision."""
    return ObjectRef("v1", "Secret", site.namespace, f"sh.helm.release.v1.{site.release}.v{revision}")


async def _metadata(cluster: Cluster, objects: Iterable[ObjectRef]) -> list[Object]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(each: ObjectRef) -> Object | None:
        ref = Ref(each.api_version, each.kind, each.name, each.namespace or None)
        async with turns:
            try:
                return await cluster.metadata_of(ref)
            except (
                ClusterRefused
            ):  # a kind not served yet; or not to be read, and then not to be changed either
                return None

    named = (each for each in objects if GENERATED not in each.name)
    return [item for item in await asyncio.gather(*map(one, named)) if item is not None]
