"""What a plan says becomes of a change by hand is what Helm makes of it, by server-side apply and by Helm 3's way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import Ref
from bot.helm.client import Helm
from bot.planning.manifests import Manifest, parse
from bot.planning.releases import of_record
from tests.drift.hands import Hands
from tests.helm.writing import Charts, render
from tests.helm_cli.commands import RELEASE, Place

TEMPLATE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {tier: web}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: web
        image: registry.example.org/shop:v1
        args: [serve, --verbose]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop-env}
data:
  GREETING: hello
  LEVEL: info
  {{- if .Values.old }}
  OLD: here
  {{- end }}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
"""

BEFORE: dict[str, Any] = {"replicas": 3, "old": True}
AFTER: dict[str, Any] = {"replicas": 4, "old": False}

TOLD = {
    "true": [
        "shop: replicas 3 → 5, by kubectl: taken over, set to 4",
        "shop: args changed, by kubectl-patch: taken over, set back",
        "ConfigMap shop-env: key GREETING changed, by kubectl-patch: taken over, set back",
        "shop: label tier web → none, by : put back",
        "shop: variable DEBUG added, by kubectl-set: stays",
        "ConfigMap shop-env: key LEVEL removed, by : put back",
        "ConfigMap shop-env: key OLD changed, by kubectl-patch: stays",
        "Service shop is gone, by : made again",
    ],
    "false": [
        "shop: label tier web → none, by : put back",
        "shop: replicas 3 → 5, by kubectl: set to 4",
        "shop: args changed, by kubectl-patch: set back",
        "shop: variable DEBUG added, by kubectl-set: stays",
        "ConfigMap shop-env: key GREETING changed, by kubectl-patch: set back",
        "ConfigMap shop-env: key LEVEL removed, by : put back",
        "ConfigMap shop-env: key OLD changed, by kubectl-patch: removed",
        "Service shop is gone, by : made again",
    ],
}
"""By whether the server applies."""


@pytest.fixture
async def helm() -> AsyncIterator[Helm]:
    async with Helm() as helm:
        yield helm


async def changed(by: Hands) -> None:
    """Everything that may become of a change, once."""
    await by.kubectl("scale", "deployment", "shop", "--replicas=5")
    await by.kubectl("set", "env", "deployment/shop", "DEBUG=1")
    await by.kubectl("label", "deployment", "shop", "tier-")
    args = '[{"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": ["serve"]}]'
    await by.kubectl("patch", "deployment", "shop", "--type=json", f"-p={args}")
    data = '{"data": {"GREETING": "goodbye", "LEVEL": null, "OLD": "changed"}}'
    await by.kubectl("patch", "configmap", "shop-env", "--type=merge", f"-p={data}")
    await by.kubectl("delete", "service", "shop")


async def objects(by: Hands) -> dict[str, Any]:
    """What there is, as far as it was changed."""
    cluster, namespace = by.place.cluster, by.place.namespace
    deployment = await cluster.get(by.place.shop)
    config = await cluster.get(Ref("v1", "ConfigMap", "shop-env", namespace))
    assert deployment is not None
    assert config is not None
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    return {
        "replicas": deployment["spec"]["replicas"],
        "tier": deployment["metadata"]["labels"].get("tier"),
        "args": container["args"],
        "env": [each["name"] for each in container.get("env") or ()],
        "data": config["data"],
        "service": await cluster.get(Ref("v1", "Service", "shop", namespace)) is not None,
    }


@pytest.mark.parametrize("by_server", ["true", "false"])
async def test_what_is_said_of_each_change_is_what_becomes_of_it(
    helm: Helm, someone: Hands, tmp_path: Path, by_server: str
) -> None:
    charts = Charts(tmp_path)
    chart = await charts.template(TEMPLATE)
    place = Place(someone.kubeconfig, someone.place.namespace)
    given = [f"--set={key}={str(value).lower()}" for key, value in BEFORE.items()]
    await place.helm("install", RELEASE, str(charts.folder), f"--server-side={by_server}", *given)
    released, _ = of_record(await helm.get(place.at), place.namespace)
    assert await someone.drift(released) == []
    await changed(someone)
    files = (await render(helm, chart, AFTER, release=RELEASE, namespace=place.namespace)).files
    planned: list[Manifest] = parse(files, place.namespace)
    assert sorted(await someone.drift(released, planned)) == sorted(TOLD[by_server])

    await helm.upgrade(place.at, chart, AFTER, timeout=60, force_conflicts=by_server == "true")
    data = {"GREETING": "hello", "LEVEL": "info"}
    assert await objects(someone) == {
        "replicas": 4,
        "tier": "web",
        "args": ["serve", "--verbose"],
        "env": ["DEBUG"],
        "data": data | {"OLD": "changed"} if by_server == "true" else data,
        "service": True,
    }
