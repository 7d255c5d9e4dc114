"""Everything that charts/microservice can render is accepted by an API server that validates strictly."""

from __future__ import annotations

from pathlib import Path

from bot.access import ClusterAccess
from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.releases import Location
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.charts.test_microservice import CHART, FULL


async def test_all_its_objects_at_once_are_valid_kubernetes(tmp_path: Path) -> None:
    async with KubernetesServer(pace=Pace.instant()) as server, Helm() as helm:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(server.kubeconfig())
        at = Location(ClusterAccess(kubeconfig), "shop-staging", "shop")
        chart = await fetch(FolderChart(CHART))
        done = await helm.upgrade(at, chart, FULL, timeout=30, create_namespace=True)
        assert done.status == "deployed"
        again = await helm.upgrade(at, chart, FULL, timeout=30)
        assert again.number == 2
