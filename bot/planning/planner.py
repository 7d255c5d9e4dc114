"""Makes plans: resolves, renders, compares, and changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bot.access import Identity
from bot.clock import Clock
from bot.cluster.cluster import Cluster
from bot.cluster.clusters import Clusters
from bot.config import App, Target
from bot.helm.charts import ChartArchive
from bot.helm.client import Helm
from bot.masking import Masker
from bot.planning.claims import refused_removals, with_claims
from bot.planning.definitions import Definition, brought, left_alone, read_definitions
from bot.planning.drafting import Draft, going_back_to
from bot.planning.errors import NothingThere
from bot.planning.going_back import Stopping, destination, lasting, read_way
from bot.planning.live import Live, read_live, refuse_stuck, values_of, version_of
from bot.planning.plan import Frozen, Plan, PlanKind, refs, with_takes
from bot.planning.releases import Releases
from bot.planning.rendering import Kube, Renderer, Rendering, check_pin, check_version, kube_of
from bot.planning.restarting import restarting
from bot.planning.site import Site
from bot.planning.sites import Sites
from bot.planning.surveying import marked, refuse_owned, surveyed
from bot.planning.telling import (
    deploy_notes,
    rollback_notes,
    running_hooks,
    unhealthy,
    uninstall_notes,
    way_back,
    with_lost_values,
)
from bot.planning.trying import deploying, returning, tried
from bot.planning.values import Image, Layered, frozen_form, secret_paths
from bot.planning.versions import Versions
from bot.planning.weighing import NOTHING, Weighed, weighed
from bot.store.vault import Vault


class Made(NamedTuple):
    """What a deploy's plan is made of, beside what is there."""

    live: Live
    image: Image | None
    archive: ChartArchive
    kube: Kube
    layers: Layered
    rendering: Rendering
    definitions: Sequence[Definition]


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
        sites: Sites,
        renderer: Renderer,
        vault: Vault,
        masker: Callable[[], Masker],
        shouts: Callable[[Target], bool],
        clock: Clock,
    ) -> None:
        self._helm = helm
        self._charts = charts
        self._clusters = clusters
        self._releases = releases
        self._versions = versions
        self._sites = sites
        self._renderer = renderer
        self._vault = vault
        self._masker = masker
        self._shouts = shouts
        self._clock = clock

    async def site(self, target: Target, identity: Identity | None) -> Site:
        """Where the target lives, asked in the person's name where the environment says so.

        Raises: PlanRefused when it does and the person has no mapping; ClusterSwapped.
        """
        return await self._sites.of(target, identity)

    def shouts(self, target: Target) -> bool:
        """Whether the environment's name is shown in capitals: mistakes there reach users."""
        return self._shouts(target)

    async def deploy(
        self,
        target: Target,
        version: str,
        identity: Identity | None,
        sets: Sequence[tuple[str, str]] = (),
        *,
        takes: Sequence[str] = (),
    ) -> Plan:
        """What deploying `version` would do; `takes` are the contested fields that are taken over, by their ids."""
        site, cluster = await self._reached(target, identity)
        made = await self._made(target, version, sets, site, cluster)
        live, image, archive, kube, layers, rendering, definitions = made
        objects = refs(rendering.objects) + refs(running_hooks(rendering.hooks, live), hook=True)
        appearing = await refuse_owned(cluster, set(objects) - set(refs(live.objects)))
        masker = self._masker().with_values(layers.secrets)
        brings = brought(definitions, installs=live.is_install)
        found, trial = await asyncio.gather(
            weighed(target, live, rendering, masker, layers.hidden, layers.values, hooks=rendering.hooks),
            tried(cluster, site, live, deploying(target, live, rendering, brings), masker),
        )
        alone = await asyncio.to_thread(
            left_alone, definitions, target.app.chart, archive.version, installs=live.is_install
        )
        now = version_of(target, live.past, live.record)
        draft = self._draft("deploy", target, site, live)
        inputs = draft.inputs(kube[0])
        inputs |= self._chosen(target, archive, layers.values, image, sets)
        plan = draft.plan(
            found,
            with_takes(inputs, takes),
            version=version if image is not None else archive.version,
            now=now,
            chart=archive.version,
            image_digest=image.digest if image else "",
            notes=[*alone, *deploy_notes(target, live, masker)],
            objects=objects,
            frozen=Frozen(archive, layers.values),
        )
        return replace(
            plan,
            foreign=with_lost_values(plan.foreign, target, live, layers, masker),
            unhealthy=unhealthy(live, now),
            way_back=way_back(target, live, now),
            trial=with_claims(trial, live, rendering.objects, appearing, site),
            taken=tuple(takes),
        )

    async def rollback(
        self,
        target: Target,
        revision: int | None,
        identity: Identity | None,
        *,
        stopping: Stopping | None = None,
        takes: Sequence[str] = (),
    ) -> Plan:
        """What going back to `revision` would do; None means the last one that was healthy by our verdict.

        With `stopping`, a deploy that runs is stopped first: whatever it makes until then does not move the plan.
        Asks neither registry, git nor the chart's source: going back needs the cluster alone.
        """
        site, cluster = await self._reached(target, identity)
        past, kube_version = await asyncio.gather(self._releases.past(site), cluster.version())
        if stopping is None:
            refuse_stuck(site, past)
        wanted = destination(site, past, revision, base=stopping.base if stopping else None)
        way = await read_way(self._helm, site, past, wanted, lambda record: version_of(target, past, record))
        now, then = way.now, way.wanted
        live = await marked(Live(past, now.revision, now.record, now.objects, now.hooks), site, cluster)
        stage = Rendering(then.objects, then.hooks, then.objects)
        secret = await secret_paths(target)
        found, trial = await asyncio.gather(
            weighed(target, live, stage, self._masker(), secret, values_of(then.record)),
            tried(cluster, site, live, returning(live, stage, wanted.number), self._masker()),
        )
        appearing = await refuse_owned(cluster, set(refs(then.objects)) - set(refs(live.objects)))
        draft = self._draft("rollback", target, site, live)
        inputs = draft.inputs(kube_version) | going_back_to(wanted, stopping)
        plan = draft.plan(
            found,
            with_takes(inputs, takes),
            version=then.version,
            now=now.version,
            chart=then.revision.chart_version,
            notes=rollback_notes(way, past, stopping, named=revision is not None),
            objects=refs(then.objects),
            revision=wanted.number,
        )
        trial = with_claims(trial, live, then.objects, appearing, site)
        plan = replace(plan, lasting=tuple(lasting(way)), trial=trial, taken=tuple(takes))
        return plan if stopping is None else replace(plan, base=stopping.base, unchanged=False)

    async def uninstall(self, target: Target, identity: Identity | None) -> Plan:
        """What goes and what stays when the release is removed."""
        site, cluster = await self._reached(target, identity)
        live = await marked(await read_live(self._releases, site), site, cluster)
        if live.revision is None or live.record is None:
            raise NothingThere(f"{target} is not deployed")
        found = await weighed(target, live, NOTHING, self._masker(), await secret_paths(target))
        version = version_of(target, live.past, live.record)
        draft = self._draft("uninstall", target, site, live)
        plan = draft.plan(
            found,
            draft.inputs(),
            version=version,
            now=version,
            chart=live.record.revision.chart_version,
            notes=uninstall_notes(live),
            objects=refs(live.objects),
        )
        # It goes, whatever was changed of it.
        return replace(plan, drift=(), trial=refused_removals(live, site))

    async def restart(self, target: Target, identity: Identity | None) -> Plan:
        """What starts new pods; the release stays as it is."""
        site, cluster = await self._reached(target, identity)
        live = await marked(await read_live(self._releases, site), site, cluster)
        if live.revision is None or live.record is None:
            raise NothingThere(f"{target} is not deployed")
        found = await restarting(cluster, site.namespace, refs(live.objects))
        if not found.objects:
            raise NothingThere(f"{target} has nothing to restart", advice=". ".join(found.comparison.notes))
        version = version_of(target, live.past, live.record)
        draft = self._draft("restart", target, site, live)
        inputs = draft.inputs()
        inputs["workloads"] = " ".join(f"{each.kind}/{each.name}" for each in found.objects)
        plan = draft.plan(
            Weighed(found.comparison),
            inputs,
            version=version,
            now=version,
            objects=found.objects,
        )
        return replace(plan, foreign=None)  # whoever made the revision: it stays

    async def refuse_owned(self, site: Site) -> None:
        """Look whether another tool manages the release, in whatever state it is.

        Raises: OwnedByOthers.
        """
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        past = await self._releases.past(site)
        if past.newest is None:
            return
        texts = await self._releases.texts(site, past.newest)
        await marked(Live(past, past.newest, *texts), site, cluster)

    async def _reached(self, target: Target, identity: Identity | None) -> tuple[Site, Cluster]:
        """Where the target lives, and its cluster in the person's name."""
        site = await self.site(target, identity)
        return site, (await self._clusters.at(site.access)).as_(site.identity)

    def _draft(self, kind: PlanKind, target: Target, site: Site, live: Live) -> Draft:
        return Draft(kind, target, site, live, self._clock.now(), self._shouts(target))

    async def _made(
        self, target: Target, version: str, sets: Sequence[tuple[str, str]], site: Site, cluster: Cluster
    ) -> Made:
        """What the chart makes of a version here, checked as far as that can be by itself."""
        live, image, archive, kube = await asyncio.gather(
            read_live(self._releases, site),
            self._versions.image(target.app, version),
            self._charts(target.app, version),
            kube_of(cluster),
        )
        check_version(target, image, version, archive)

        async def made() -> tuple[Layered, Rendering, Sequence[Definition]]:
            layers = await self._renderer.layers(target, version, image, sets)
            rendering = await self._renderer.rendering(site, live, archive, layers, kube)
            check_pin(target, image, rendering)
            return layers, rendering, await read_definitions(cluster, rendering.crds)

        now, mask = self._clock.now(), self._masker().mask_text
        seen, (layers, rendering, definitions) = await asyncio.gather(
            surveyed(live, site, cluster, now=now, mask=mask), made()
        )
        return Made(seen, image, archive, kube, layers, rendering, definitions)

    def _chosen(
        self,
        target: Target,
        archive: ChartArchive,
        values: Mapping[str, Any],
        image: Image | None,
        sets: Sequence[tuple[str, str]],
    ) -> dict[str, str]:
        """What the digest of a deploy's plan covers beside what any plan's does."""
        return {
            "chart": archive.digest,
            "values": self._vault.fingerprint(frozen_form(values)),
            "image": image.digest if image else "",
            "flags": "\n".join(f"{key}={value}" for key, value in sets),
            "policy": target.environment.on_failure,
        }
