"""Charts as Helm renders them, as objects by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from bot.helm.charts import ChartArchive
from bot.helm.client import Helm

Objects = dict[tuple[str, str], dict[str, Any]]


async def objects(
    helm: Helm, chart: ChartArchive, values: Mapping[str, Any], release: str = "shop"
) -> Objects:
    """What the chart renders to; an object of another namespace than the release's has it before its name."""
    rendered = await helm.render(
        chart, values, release=release, namespace=release, kube_version="v1.31.0", api_versions=[]
    )
    found: Objects = {}
    for text in rendered.files.values():
        for one in yaml.safe_load_all(text):
            if one is not None:
                namespace = one["metadata"].get("namespace")
                key = (
                    one["kind"],
                    f"{namespace}/{one['metadata']['name']}" if namespace else one["metadata"]["name"],
                )
                assert key not in found
                found[key] = one
    return found
