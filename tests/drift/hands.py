"""Somebody with the real kubectl, beside a release of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.masking import Masker
from bot.planning.drift import drifted
from bot.planning.hiding import mask_for
from bot.planning.manifests import Manifest
from bot.planning.surveying import found_of
from tests.dry_run.asking import Place
from tests.real_worlds import kubectl


@dataclass(frozen=True)
class Hands:
    """Somebody with kubectl, beside a release of ours."""

    place: Place
    kubeconfig: Path

    async def kubectl(self, *words: str) -> None:
        await kubectl(self.kubeconfig, "--namespace", self.place.namespace, *words)

    async def drift(self, released: list[Manifest], planned: list[Manifest] | None = None) -> list[str]:
        """What is told, without times: they are the cluster's."""
        found = await found_of(self.place.cluster, released)
        told = drifted(released, found, mask_for(Masker(), released), planned=planned or released)
        return [f"{each.what}, by {each.by}: {each.fate}" for each in told]


@asynccontextmanager
async def hands(kubeconfig: Path, namespace: str) -> AsyncIterator[Hands]:
    """On the cluster that a kubeconfig leads to, in a namespace that is there."""
    async with Cluster(ClusterAccess(kubeconfig)) as cluster:
        yield Hands(Place(cluster, namespace), kubeconfig)
