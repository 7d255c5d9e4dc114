"""What the real kubectl changes is told in the same words, whichever cluster it changes, and by whoever it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.access import ClusterAccess
from bot.cluster import Cluster
from bot.masking import Masker
from bot.planning.drift import drifted
from bot.planning.hiding import mask_for
from bot.planning.manifests import Manifest
from bot.planning.surveying import found_of
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.dry_run.asking import Place, config, deployment, rendered
from tests.real_worlds import kubectl

NAMESPACE = "pilothouse-drift"

RELEASED = (
    deployment(3, image="registry.example.org/shop:v1")
    + config(GREETING="hello", LEVEL="info")
    + rendered("v1", "Service", "shop", spec={"selector": {"app": "shop"}, "ports": [{"port": 80}]})
    + rendered("v1", "Secret", "shop-db", stringData={"password": "hunter22-hunter22"})
)


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


@pytest.fixture
async def real(real_kubeconfig: Path, real_namespace: str) -> AsyncIterator[Hands]:
    async with hands(real_kubeconfig, real_namespace) as found:
        yield found


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Hands]:
    async with KubernetesServer(pace=Pace.instant()) as server:
        path = tmp_path / "kubeconfig"
        path.write_text(server.kubeconfig())
        async with hands(path, NAMESPACE) as found:
            await found.place.cluster.create("v1", "Namespace", None, {"metadata": {"name": NAMESPACE}})
            yield found


async def changed(by: Hands, editor: pytest.MonkeyPatch) -> list[str]:
    """A bad night at work, and what is told of it."""
    released = await by.place.applied(RELEASED)
    assert await by.drift(released) == []
    await by.kubectl("scale", "deployment", "shop", "--replicas=5")
    await by.kubectl("set", "env", "deployment/shop", "DEBUG=1")
    await by.kubectl("set", "image", "deployment/shop", "web=registry.example.org/shop:v1-hot")
    await by.kubectl("rollout", "restart", "deployment/shop")
    await by.kubectl("label", "deployment", "shop", "team=night")
    editor.setenv("KUBE_EDITOR", "sed -i s/hello/goodbye/")
    await by.kubectl("edit", "configmap", "shop-env")
    await by.kubectl(
        "patch", "configmap", "shop-env", "--type=json", '-p=[{"op": "remove", "path": "/data/LEVEL"}]'
    )
    await by.kubectl("patch", "secret", "shop-db", "--type=merge", '-p={"stringData": {"password": "other"}}')
    await by.kubectl("delete", "service", "shop")
    return await by.drift(released)


async def test_all_that_kubectl_changes_is_told_alike_on_both_clusters(
    real: Hands, embedded: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await changed(real, monkeypatch)
    assert told == [
        "shop: replicas 3 → 5, by kubectl: taken over, set back to 3",
        "shop: image shop:v1 → shop:v1-hot, by kubectl-set: taken over, set back to shop:v1",
        "ConfigMap shop-env: key GREETING changed, by kubectl-edit: taken over, set back",
        "Secret shop-db: key password changed, by kubectl-patch: taken over, set back",
        "shop: label team none → night, by kubectl-label: stays",
        "shop: variable DEBUG added, by kubectl-set: stays",
        "ConfigMap shop-env: key LEVEL removed, by : put back",
        "Service shop is gone, by : made again",
    ]
    assert await changed(embedded, monkeypatch) == told
