"""Releases that Helm makes of objects, as the bot has it do so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.events import Trouble
from bot.helm.charts import ChartArchive, FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.errors import HelmError
from bot.helm.releases import Location
from bot.rollout import from_helm_error
from tests.control_plane.running import ControlPlane
from tests.real_failures.following import LONGEST, Place
from tests.real_failures.objects import Object


class Releases:
    """Releases in a namespace."""

    def __init__(self, helm: Helm, plane: ControlPlane, place: Place, folder: Path) -> None:
        self._helm, self._plane, self._folder = helm, plane, folder
        self.place = place

    async def upgrade(self, name: str, *items: Object) -> None:
        """Install or upgrade. Raises: HelmError."""
        at = Location(ClusterAccess(self._plane.kubeconfig), self.place.namespace, name)
        await self._helm.upgrade(at, await self._chart(*items), {}, timeout=LONGEST)

    async def refused(self, name: str, *items: Object) -> Trouble:
        """What the error of an upgrade says."""
        with pytest.raises(HelmError) as error:
            await self.upgrade(name, *items)
        trouble = from_helm_error(error.value.words)
        assert trouble is not None, error.value.words
        return trouble

    async def _chart(self, *items: Object) -> ChartArchive:
        templates = self._folder / "templates"
        templates.mkdir(exist_ok=True)
        (self._folder / "Chart.yaml").write_text("{apiVersion: v2, name: shop, version: 1.0.0}")
        (templates / "all.yaml").write_text("".join(f"---\n{json.dumps(each)}\n" for each in items))
        return await fetch(FolderChart(self._folder))
