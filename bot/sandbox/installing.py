"""Installs what runs in the sample world before the bot comes, by the real Helm SDK.

It gives the values that the bot would give, so the first plan of a deploy differs from what runs in the version alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from bot.config import ChartFolder, Config
from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.errors import HelmError
from bot.helm.releases import Location
from bot.images.registry import Registries
from bot.planning.layers import Facts
from bot.planning.paths import merged
from bot.planning.values import Image, layered
from bot.sandbox.kubernetes.cluster import KubernetesServer

_READY_WITHIN: Final = 60.0
_TIMEOUT: Final = 60.0
"""Seconds for each release's hooks."""

Release = tuple[str, str, Sequence[str]]
"""App, environment, and the versions of its revisions, oldest first."""
Install = Callable[[Config, Sequence[Release], KubernetesServer], Awaitable[None]]
"""How releases come into a cluster."""


async def install_releases(config: Config, releases: Sequence[Release], cluster: KubernetesServer) -> None:
    """Install all of them; return once everything is ready.

    Raises: HelmError; TimeoutError where it does not become ready.
    """
    await install_all(config, releases)
    await until_ready(cluster)


async def install_all(config: Config, releases: Sequence[Release]) -> None:
    """Install all of them side by side, each revision after the other. Raises: HelmError."""
    try:
        async with (
            Helm(renderers=1, writers=len(releases)) as helm,
            Registries() as registries,
            asyncio.TaskGroup() as group,
        ):
            for release in releases:
                group.create_task(_install(config, release, helm, registries))
    except* HelmError as errors:
        first = errors.exceptions[0]
        raise first from None


async def until_ready(cluster: KubernetesServer) -> None:
    """Return once every Deployment runs what it is told. Raises: TimeoutError."""
    async with asyncio.timeout(_READY_WITHIN):
        with cluster.storage.changes() as changes:
            while not _ready(cluster):
                await anext(changes)


async def _install(config: Config, release: Release, helm: Helm, registries: Registries) -> None:
    app, environment, versions = release
    target = config.target(app, environment)
    assert isinstance(target.app.chart, ChartFolder)
    assert target.app.image is not None
    archive = await fetch(FolderChart(target.app.chart.path))
    for version in versions:
        image = Image(target.app.image, version, await registries.digest(target.app.image, version))
        layers = await layered(target, image, (), Facts(version, image.digest))
        await helm.upgrade(
            Location(target.access, target.namespace, target.release),
            archive,
            layers.values,
            timeout=_TIMEOUT,
            create_namespace=True,
        )


async def upgrade_by_hand(
    config: Config, app: str, environment: str, values: Mapping[str, Any], description: str | None = None
) -> None:
    """What a pipeline does with Helm: the values that the release was given, and these over them.

    Raises: KeyError for an app that is not there, HelmError.
    """
    target = config.target(app, environment)
    assert isinstance(target.app.chart, ChartFolder)
    location = Location(target.access, target.namespace, target.release)
    archive = await fetch(FolderChart(target.app.chart.path))
    async with Helm(renderers=1, writers=1) as helm:
        given = (await helm.get(location)).values
        await helm.upgrade(
            location, archive, merged(given, values), timeout=_TIMEOUT, description=description
        )


def _ready(cluster: KubernetesServer) -> bool:
    """Whether all Deployments run what they are told, and nothing else any more."""
    return all(is_ready(each) for each in cluster.storage.scan("apps", "deployments"))


def is_ready(deployment: Mapping[str, Any]) -> bool:
    """Whether a Deployment runs what it is told, and nothing else any more."""
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return all(status.get(name, 0) == wanted for name in counts)
