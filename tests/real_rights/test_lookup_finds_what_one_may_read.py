"""A chart that looks at the cluster is planned with what the person sees there, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.helm.client import Helm
from bot.helm.errors import ClusterRefused
from bot.helm.releases import Location
from tests.helm.writing import Charts, render
from tests.real_rights.accounts import DANA, WITHOUT, granted
from tests.real_worlds import apply


async def test_it_reads_in_the_persons_name_and_resolves_no_names(
    real_kubeconfig: Path, real_namespace: str, real_cluster: Cluster, tmp_path: Path
) -> None:
    await apply(real_kubeconfig, *granted(real_namespace, "night", group="night-shift"))
    await real_cluster.create(
        "v1", "ConfigMap", real_namespace, {"metadata": {"name": "facts"}, "data": {"region": "north"}}
    )
    there = '(lookup "v1" "ConfigMap" .Release.Namespace "facts").data.region'
    chart = await Charts(tmp_path).template(f'{{{{ {there} }}}} [{{{{ getHostByName "localhost" }}}}]')
    at = Location(ClusterAccess(real_kubeconfig), real_namespace, "shop")
    place: dict[str, Any] = {"release": "shop", "namespace": real_namespace, "at": at}
    async with Helm() as helm:
        rendered = await render(helm, chart, as_=DANA, **place)
        assert rendered.files["demo/templates/x.yaml"] == "north []"
        with pytest.raises(ClusterRefused, match=r'User "dana@example.org" cannot get resource "configmaps"'):
            await render(helm, chart, as_=WITHOUT, **place)
