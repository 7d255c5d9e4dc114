"""Makes plans: resolves, renders, compares, and changes nothing.

The chart is rendered offline against the live cluster's version and APIs; `lookup` finds nothing while planning.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.access import Identity
from bot.cluster.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.config import App, Target
from bot.helm.charts import ChartArchive
from bot.helm.client import Helm
from bot.masking import Masker
from bot.planning import manifests
from bot.planning.comparing import Comparison, compared
from bot.planning.errors import NothingThere, PlanRefused
from bot.planning.going_back import Stopping, Way, destination, lasting, not_healthy, read_way, skipped
from bot.planning.hiding import mask_for
from bot.planning.live import Live, read_live, refuse_stuck, version_of
from bot.planning.manifests import Manifest
from bot.planning.plan import Frozen, ObjectRef, Plan, PlanKind, refs
from bot.planning.releases import Past, Releases
from bot.planning.site import Site
from bot.planning.values import Facts, Image, Layered, frozen_form, layered, wants_commit
from bot.planning.versions import Versions
from bot.store.vault import Vault


@dataclass(frozen=True)
class Rendering:
    """What the chart makes of the values, rendered twice."""

    objects: Sequence[Manifest]
    hooks: Sequence[Manifest]
    again: Sequence[Manifest]


class Planner:
    """Plans for one bot; every method answers with a plan or raises why there can be none.

    Raises: PlanRefused, and the errors of bot.helm, bot.cluster and bot.images, none of which changed anything.
    """

    def __init__(
        self,
        *,
        helm: Helm,
        charts: Callable[[App, str], Awaitable[ChartArchive]],
        clusters: Clusters,
        releases: Releases,
        versions: Versions,
        vault: Vault,
        masker: Callable[[], Masker],
        hide: Callable[[Iterable[str]], None],
        shouts: Callable[[Target], bool],
    ) -> None:
        """`hide` is told every secret that values have, so that `masker` and all others know it from then on."""
        self._helm = helm
        self._charts = charts
        self._clusters = clusters
        self._releases = releases
        self._versions = versions
        self._vault = vault
        self._masker = masker
        self._hide = hide
        self._shouts = shouts

    async def site(self, target: Target, identity: Identity | None) -> Site:
        """Where the target lives, asked in the person's name where the environment says so.

        Raises: PlanRefused when it does and the person has no mapping.
        """
        as_ = identity if target.environment.impersonate else None
        if target.environment.impersonate and as_ is None:
            raise PlanRefused(
                f"{target.environment.name} asks the cluster in your name, and you have none there",
                advice="An admin adds `kubernetes: {user: ...}` to your entry under `people`",
            )
        return Site(
            access=target.access,
            cluster_uid=await self._clusters.uid(target.access),
            namespace=target.namespace,
            release=target.release,
            identity=as_,
        )

    async def deploy(
        self, target: Target, version: str, identity: Identity | None, sets: Sequence[tuple[str, str]] = ()
    ) -> Plan:
        """What deploying `version` would do."""
        site = await self.site(target, identity)
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        live, image, archive, kube = await asyncio.gather(
            read_live(self._helm, self._releases, site),
            self._versions.image(target.app, version),
            self._charts(target.app, version),
            kube_of(cluster),
        )
        _check_version(target, image, version, archive)
        layers = await self.layers(target, version, image, sets)
        rendering = await self.rendering(site, live, archive, layers, kube)
        _check_pin(target, image, rendering)
        masker = self._masker().with_values(layers.secrets)
        comparison = await asyncio.to_thread(
            compared,
            live.objects,
            rendering.objects,
            mask=mask_for(masker, live.objects, live.hooks, rendering.objects, rendering.hooks),
            hooks=rendering.hooks,
            again=rendering.again,
        )
        now = version_of(target, live.past, live.record)
        inputs = self._inputs("deploy", site, live, identity, kube[0]) | {
            "chart": archive.digest,
            "values": self._vault.fingerprint(frozen_form(layers.values)),
            "image": image.digest if image else "",
            "flags": "\n".join(f"{key}={value}" for key, value in sets),
        }
        return self._plan(
            "deploy",
            target,
            site,
            live,
            comparison,
            inputs,
            version=version if image is not None else archive.version,
            now=now,
            chart=archive.version,
            image_digest=image.digest if image else "",
            notes=_notes(target, live, masker),
            objects=refs(rendering.objects) + refs(_running_hooks(rendering.hooks, live), hook=True),
            frozen=Frozen(archive, layers.values),
        )

    async def rollback(
        self,
        target: Target,
        revision: int | None,
        identity: Identity | None,
        *,
        stopping: Stopping | None = None,
    ) -> Plan:
        """What going back to `revision` would do; None means the last one that was healthy by our verdict.

        With `stopping`, a deploy that runs is stopped first: whatever it makes until then does not move the plan.
        Asks neither registry, git nor the chart's source: going back needs the cluster alone.
        """
        site = await self.site(target, identity)
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        past, kube_version = await asyncio.gather(self._releases.past(site), cluster.version())
        if stopping is None:
            refuse_stuck(site, past)
        wanted = destination(site, past, revision, base=stopping.base if stopping else None)
        way = await read_way(self._helm, target, site, past, wanted)
        now, then = way.now, way.wanted
        mask = mask_for(self._masker(), now.objects, now.hooks, then.objects, then.hooks)
        comparison = await asyncio.to_thread(compared, now.objects, then.objects, mask=mask)
        live = Live(past, now.revision, now.record, now.objects, now.hooks)
        inputs = self._inputs("rollback", site, live, identity, kube_version)
        inputs["flags"] = str(wanted.number)
        if stopping is not None:
            inputs |= {"revision": "", "verdict": "", "stops": stopping.operation_id}
        plan = self._plan(
            "rollback",
            target,
            site,
            live,
            comparison,
            inputs,
            version=then.version,
            now=now.version,
            chart=then.revision.chart_version,
            image_digest="",
            notes=_rollback_notes(way, past, named=revision is not None),
            objects=refs(then.objects),
            frozen=Frozen(),
            revision=wanted.number,
        )
        plan = replace(plan, lasting=tuple(lasting(way)))
        return plan if stopping is None else replace(plan, base=stopping.base, unchanged=False)

    async def uninstall(self, target: Target, identity: Identity | None) -> Plan:
        """What goes and what stays when the release is removed."""
        site = await self.site(target, identity)
        live = await read_live(self._helm, self._releases, site)
        if live.revision is None or live.record is None:
            raise NothingThere(f"{target} is not deployed")
        mask = mask_for(self._masker(), live.objects, live.hooks)
        comparison = await asyncio.to_thread(compared, live.objects, (), mask=mask)
        version = version_of(target, live.past, live.record)
        return self._plan(
            "uninstall",
            target,
            site,
            live,
            comparison,
            self._inputs("uninstall", site, live, identity, ""),
            version=version,
            now=version,
            chart=live.record.revision.chart_version,
            image_digest="",
            notes=_staying(live),
            objects=refs(live.objects),
            frozen=Frozen(),
        )

    async def layers(
        self, target: Target, version: str, image: Image | None, sets: Sequence[tuple[str, str]]
    ) -> Layered:
        """The values of a version."""
        wanted = await asyncio.to_thread(wants_commit, target)
        commit = await self._versions.commit(target.app, version) if wanted else ""
        found = await layered(target, image, sets, Facts(version, image.digest if image else "", commit))
        self._hide(found.secrets)
        return found

    async def rendering(
        self,
        site: Site,
        live: Live,
        archive: ChartArchive,
        layers: Layered,
        kube: tuple[str, tuple[str, ...]],
    ) -> Rendering:
        """What the chart makes of the values on this cluster."""
        newest = live.past.newest
        number = (newest.number if newest else 0) + 1

        async def once() -> list[Manifest]:
            rendered = await self._helm.render(
                archive,
                layers.values,
                release=site.release,
                namespace=site.namespace,
                revision=number,
                is_upgrade=live.revision is not None,
                kube_version=kube[0],
                api_versions=kube[1],
            )
            return await asyncio.to_thread(manifests.parse, rendered.files, site.namespace)

        first, again = await asyncio.gather(once(), once())
        return Rendering(
            objects=[each for each in first if not each.hook_events],
            hooks=[each for each in first if each.hook_events],
            again=[each for each in again if not each.hook_events],
        )

    def _inputs(
        self, kind: PlanKind, site: Site, live: Live, identity: Identity | None, kube_version: str
    ) -> dict[str, str]:
        revision = live.revision
        verdict = live.past.verdicts.get(revision.number) if revision else None
        return {
            "kind": kind,
            "cluster": site.cluster_uid,
            "namespace": site.namespace,
            "release": site.release,
            "revision": f"{revision.number} {revision.status}" if revision else "",
            "verdict": verdict.health if verdict else "",
            "cluster_version": kube_version,
            "identity": f"{site.identity.user} {' '.join(site.identity.groups)}" if site.identity else "",
        }

    def _plan(
        self,
        kind: PlanKind,
        target: Target,
        site: Site,
        live: Live,
        comparison: Comparison,
        inputs: Mapping[str, str],
        *,
        version: str,
        now: str,
        chart: str,
        image_digest: str,
        notes: Sequence[str],
        objects: tuple[ObjectRef, ...],
        frozen: Frozen,
        revision: int = 0,
    ) -> Plan:
        newest = live.past.newest
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
            unchanged=comparison.unchanged and version == now,
            site=site,
            objects=objects,
            inputs=inputs,
            frozen=frozen,
            shouts=self._shouts(target),
        )


async def kube_of(cluster: Cluster) -> tuple[str, tuple[str, ...]]:
    """The cluster's version and what it serves, as Helm's capabilities want them."""
    version, apis = await asyncio.gather(cluster.version(), cluster.api_versions())
    return version, apis


def _check_version(target: Target, image: Image | None, version: str, archive: ChartArchive) -> None:
    if image is None and version not in ("", archive.version):
        raise PlanRefused(
            f"{target.app.name}'s chart is {archive.version}, not {version}",
            advice="An app without an image is versioned by its chart",
        )


def _check_pin(target: Target, image: Image | None, rendering: Rendering) -> None:
    """A digest that reaches no container would let the registry decide what runs: no plan then."""
    if image is None or not target.app.image_value.pins:
        return
    found = {
        reference
        for each in (*rendering.objects, *rendering.hooks)
        for reference in manifests.images(each.object).values()
    }
    if not any(image.digest in reference for reference in found):
        raise PlanRefused(
            "The image's digest reaches no container, so the pin has no effect",
            where=f"image_value of {target.app.name}",
            advice="Name the chart's own keys there, or leave the digest's key out to deploy by tag",
        )


def _notes(target: Target, live: Live, masker: Masker) -> list[str]:
    notes = []
    if target.app.image is not None and not target.app.image_value.pins:
        notes.append("Deployed by tag: the chart takes no digest")
    if live.revision is not None and live.revision.status == "failed":
        why = masker.mask_text(live.revision.description)[:120]  # masked whole: half a secret looks like none
        notes.append(f"Revision {live.revision.number} failed: {why}")
    return notes


def _running_hooks(hooks: Sequence[Manifest], live: Live) -> list[Manifest]:
    events = {"pre-upgrade", "post-upgrade"} if live.revision is not None else {"pre-install", "post-install"}
    return [hook for hook in hooks if events.intersection(hook.hook_events)]


def _rollback_notes(way: Way, past: Past, *, named: bool) -> list[str]:
    """What it leaves out, and the hooks that run; what it can't bring back is told beside these."""
    runs = [
        hook for hook in way.wanted.hooks if {"pre-rollback", "post-rollback"}.intersection(hook.hook_events)
    ]
    notes = not_healthy(way, past) if named else skipped(way, past)
    return notes + [f"{hook.key} runs" for hook in runs]


def _staying(live: Live) -> list[str]:
    notes = []
    for each in live.objects:
        if each.key.kind == "StatefulSet" and (each.object.get("spec") or {}).get("volumeClaimTemplates"):
            notes.append(f"The disks of {each.key} stay")
    kept = [
        each
        for each in live.objects
        if manifests.annotations(each.object).get("helm.sh/resource-policy") == "keep"
    ]
    notes += [f"{each.key} stays" for each in kept]
    return notes
