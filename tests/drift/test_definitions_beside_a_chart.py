"""A chart's definitions beside those of a cluster, the embedded one and a real one, which fills in what it wants."""

from __future__ import annotations

import json
from pathlib import Path

from bot.cluster import Ref
from bot.config import ChartFolder
from bot.planning.definitions import API_VERSION, KIND, left_alone, read_definitions
from tests.drift.hands import Hands
from tests.real_worlds import apply


def chart(group: str, **field: object) -> str:
    """A chart's file: kubectl's own columns, two versions, and whatever else a server may fill in."""
    size = {"type": "integer", "minimum": 0, **field}
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {"size": size},
                "x-kubernetes-preserve-unknown-fields": True,
            }
        },
    }
    columns = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]
    versions: list[dict[str, object]] = [
        {
            "name": name,
            "served": True,
            "storage": name == "v1",
            "schema": {"openAPIV3Schema": schema},
            "additionalPrinterColumns": columns,
            "subresources": {"status": {}},
        }
        for name in ("v1beta1", "v1")
    ]
    item = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": versions,
        },
    }
    return json.dumps(item)


async def test_a_definition_is_told_once_the_clusters_is_another(someone: Hands) -> None:
    cluster, group = someone.place.cluster, f"{someone.place.namespace}.example.org"
    name = f"widgets.{group}"

    async def told(text: str) -> list[str]:
        found = await read_definitions(cluster, {"demo/crds/widgets.yaml": text})
        return left_alone(found, ChartFolder.model_construct(path=Path("demo")), "1.0.0", installs=False)

    try:
        (line,) = await told(chart(group))
        assert line.startswith(f"CRD {name} is new, and Helm adds none in an upgrade.")
        await apply(someone.kubeconfig, json.loads(chart(group)))
        assert await told(chart(group)) == []
        (line,) = await told(chart(group, maximum=9))
        assert line.startswith(f"CRD {name} differs from the cluster's, which Helm leaves as it is.")
    finally:
        await cluster.delete(Ref(API_VERSION, KIND, name))
