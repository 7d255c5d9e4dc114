"""What a chart makes of an app's values on one cluster: values put together, manifests rendered twice,
and once more with other secrets, to see where they end up.

The chart is rendered offline against the live cluster's version and APIs. Only where its templates look things up
there is the cluster asked, by whoever is to carry the plan out: else the plan would not be what the deploy does.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.cluster.cluster import Cluster
from bot.config import Target
from bot.helm import records
from bot.helm.charts import ChartArchive
from bot.helm.client import Helm
from bot.helm.errors import HelmError
from bot.helm.rendering import Rendered
from bot.planning import manifests
from bot.planning.errors import PlanRefused
from bot.planning.layers import Facts
from bot.planning.live import Live
from bot.planning.manifests import Manifest
from bot.planning.paths import Values
from bot.planning.site import Site
from bot.planning.tracing import Traces, altered, traces
from bot.planning.values import Image, Layered, layered, wants_commit
from bot.planning.versions import Versions

Kube = tuple[str, tuple[str, ...]]
"""A cluster's version and what it serves."""


@dataclass(frozen=True)
class Rendering:
    """What the chart makes of the values, rendered twice."""

    objects: Sequence[Manifest]
    hooks: Sequence[Manifest]
    again: Sequence[Manifest]
    traced: Traces = field(default_factory=dict)
    """Where in them the secret values ended up."""
    crds: Mapping[str, str] = field(default_factory=dict)
    """File to text of the chart's `crds/`, which is no part of the release."""
    record: int = 0
    """Bytes that Helm's record of it takes, near enough; 0 where there is one already."""


class Renderer:
    """Renders for planning and for looking."""

    def __init__(self, helm: Helm, versions: Versions, hide: Callable[[Iterable[str]], None]) -> None:
        """`hide` is told every secret that values have, so that all who mask know it from then on."""
        self._helm = helm
        self._versions = versions
        self._hide = hide

    async def layers(
        self, target: Target, version: str, image: Image | None, sets: Sequence[tuple[str, str]]
    ) -> Layered:
        """The values of a version.

        Raises: PlanRefused, ImagesError.
        """
        wanted = await asyncio.to_thread(wants_commit, target)
        commit = await self._versions.commit(target.app, version) if wanted else ""
        found = await layered(target, image, sets, Facts(version, image.digest if image else "", commit))
        self._hide(found.secrets)
        return found

    async def rendering(
        self, site: Site, live: Live, archive: ChartArchive, layers: Layered, kube: Kube
    ) -> Rendering:
        """What the chart makes of the values on this cluster.

        Raises: HelmError, PlanRefused.
        """
        newest = live.past.newest
        number = (newest.number if newest else 0) + 1

        async def rendered(values: Values) -> Rendered:
            return await self._helm.render(
                archive,
                values,
                release=site.release,
                namespace=site.namespace,
                revision=number,
                is_upgrade=live.revision is not None,
                kube_version=kube[0],
                api_versions=kube[1],
                at=site.location if archive.looks_up else None,
                as_=site.identity,
            )

        async def parsed(of: Rendered) -> list[Manifest]:
            return await asyncio.to_thread(manifests.parse, of.files, site.namespace)

        async def traced() -> list[Manifest]:
            """With other secrets. A chart may not take them: what is known by its text is hidden all the same."""
            if not layers.hidden:
                return []
            with contextlib.suppress(HelmError, PlanRefused):
                return await parsed(await rendered(altered(layers.values, layers.hidden)))
            return []

        once, twice, other = await asyncio.gather(rendered(layers.values), rendered(layers.values), traced())
        first = await parsed(once)
        again = first if twice.files == once.files else await parsed(twice)
        return Rendering(
            objects=[each for each in first if not each.hook_events],
            hooks=[each for each in first if each.hook_events],
            again=[each for each in again if not each.hook_events],
            traced=await asyncio.to_thread(traces, first, other),
            crds=once.crds,
            record=await asyncio.to_thread(records.size, archive.data, once.files, layers.values),
        )


async def kube_of(cluster: Cluster) -> Kube:
    """The cluster's version and what it serves, as Helm's capabilities want them."""
    version, apis = await asyncio.gather(cluster.version(), cluster.api_versions())
    return version, apis


def check_version(target: Target, image: Image | None, version: str, archive: ChartArchive) -> None:
    """Refuse a version that an app without an image does not have.

    Raises: PlanRefused.
    """
    if image is None and version not in ("", archive.version):
        raise PlanRefused(
            f"{target.app.name}'s chart is {archive.version}, not {version}",
            advice="An app without an image is versioned by its chart",
        )


def check_pin(target: Target, image: Image | None, rendering: Rendering) -> None:
    """Refuse a digest that reaches no container: the registry would decide what runs.

    Raises: PlanRefused.
    """
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
