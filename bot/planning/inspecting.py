"""Looking without planning: manifests, values and differences as they are shown, secrets masked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.access import Identity
from bot.cluster.clusters import Clusters
from bot.config import App, Target
from bot.helm.charts import ChartArchive
from bot.helm.client import Helm
from bot.helm.releases import Revision
from bot.masking import Masker
from bot.planning import paths
from bot.planning.comparing import compared
from bot.planning.differences import to_yaml
from bot.planning.drift import Drift, drifted
from bot.planning.errors import NothingThere
from bot.planning.hiding import mask_for, texts_given
from bot.planning.live import read_live, values_of, version_of
from bot.planning.manifests import GENERATED
from bot.planning.planner import Planner
from bot.planning.releases import Past, Releases, of_record
from bot.planning.rendering import Renderer, kube_of
from bot.planning.site import Site
from bot.planning.surveying import found_of
from bot.planning.values import secret_paths
from bot.planning.versions import Versions


@dataclass(frozen=True)
class Strayed:
    """How far a release is from what Helm's record says of it."""

    version: str
    """Of the app; "" where nothing is deployed."""
    revision: int
    drift: tuple[Drift, ...] = ()
    unread: int = 0
    """Objects that may not be read, so that nobody knows."""

    @property
    def by_hand(self) -> tuple[Drift, ...]:
        """What is drift: all but what an autoscaler set."""
        return tuple(each for each in self.drift if not each.autoscaled)


class Inspector:
    """Shows what a plan is made of, and what revisions were; raises as the planner does."""

    def __init__(
        self,
        planner: Planner,
        *,
        renderer: Renderer,
        helm: Helm,
        charts: Callable[[App, str], Awaitable[ChartArchive]],
        clusters: Clusters,
        releases: Releases,
        versions: Versions,
        masker: Callable[[], Masker],
    ) -> None:
        self._planner = planner
        self._renderer = renderer
        self._helm = helm
        self._charts = charts
        self._clusters = clusters
        self._releases = releases
        self._versions = versions
        self._masker = masker

    async def rendered(
        self, target: Target, version: str, identity: Identity | None, sets: Sequence[tuple[str, str]] = ()
    ) -> str:
        """The manifests of a version as one YAML text, secrets masked."""
        site = await self._planner.site(target, identity)
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        live, image, archive, kube = await asyncio.gather(
            read_live(self._releases, site),
            self._versions.image(target.app, version),
            self._charts(target.app, version),
            kube_of(cluster),
        )
        layers = await self._renderer.layers(target, version, image, sets)
        rendering = await self._renderer.rendering(site, live, archive, layers, kube)
        shown = (*rendering.objects, *rendering.hooks)
        given = texts_given(target, layers.hidden, layers.values, values_of(live.record))
        mask = mask_for(self._masker(), live.objects, live.hooks, shown, traced=rendering.traced, given=given)
        objects = [mask(each.object) for each in shown]
        return "---\n".join(to_yaml(each) for each in objects)

    async def drift(self, target: Target, identity: Identity | None) -> Strayed:
        """What of the deployed revision was changed in the cluster.

        Raises: ReleaseStuck.
        """
        site = await self._planner.site(target, identity)
        cluster = (await self._clusters.at(site.access)).as_(site.identity)
        live = await read_live(self._releases, site)
        revision = live.revision
        if revision is None:
            return Strayed("", 0)
        live = replace(live, found=await found_of(cluster, live.objects))
        given = texts_given(target, await secret_paths(target), values_of(live.record))
        mask = mask_for(self._masker(), live.objects, live.hooks, live.there, given=given)
        discloses = target.environment.disclose != "summary"
        return Strayed(
            version=version_of(target, live.past, live.record),
            revision=revision.number,
            drift=await asyncio.to_thread(drifted, live.objects, live.found, mask, discloses=discloses),
            unread=sum(
                GENERATED not in each.key.name and each.key not in live.found for each in live.objects
            ),
        )

    async def changed_by(self, target: Target, revision: int, identity: Identity | None) -> str:
        """What a revision changed in comparison with the one before it, as a diff with secrets masked.

        Raises: NothingThere when Helm no longer keeps one of the two.
        """
        site = await self._planner.site(target, identity)
        past = await self._releases.past(site)
        earlier = [each.number for each in past.revisions if each.number < revision]
        if not earlier or revision not in {each.number for each in past.revisions}:
            raise NothingThere(f"Revision {revision} or the one before it is not kept any more")
        new, old = await asyncio.gather(
            self._helm.get(site.location, revision, site.identity),
            self._helm.get(site.location, earlier[-1], site.identity),
        )
        masker = self._masker()
        given = texts_given(target, await secret_paths(target), new.values, old.values)

        def compare() -> str:
            (before, *_), (after, *_) = of_record(old, site.namespace), of_record(new, site.namespace)
            return compared(before, after, mask=mask_for(masker, before, after, given=given)).diff

        return await asyncio.to_thread(compare)

    async def values(self, target: Target, version: str) -> paths.Values:
        """The values that a deploy of `version` would pass, secrets masked."""
        image = await self._versions.image(target.app, version)
        layers = await self._renderer.layers(target, version, image, ())
        shown = paths.hidden(layers.values, layers.hidden)
        masked: paths.Values = self._masker().mask_values(shown)
        return masked

    async def versions_of(
        self, target: Target, site: Site, past: Past, revisions: Sequence[Revision]
    ) -> dict[int, str]:
        """The app's version in each of these revisions."""

        async def one(revision: Revision) -> str:
            record = await self._helm.get(site.location, revision.number, site.identity)
            return version_of(target, past, record)

        found = await asyncio.gather(*(one(revision) for revision in revisions))
        return {revision.number: version for revision, version in zip(revisions, found, strict=True)}
