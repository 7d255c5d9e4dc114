"""What the real kubectl changes is told in the same words, whichever cluster it changes, and by whoever it was."""

from __future__ import annotations

import pytest

from tests.drift.hands import Hands
from tests.dry_run.asking import config, deployment, rendered

RELEASED = (
    deployment(3, image="registry.example.org/shop:v1")
    + config(GREETING="hello", LEVEL="info")
    + rendered("v1", "Service", "shop", spec={"selector": {"app": "shop"}, "ports": [{"port": 80}]})
    + rendered("v1", "Secret", "shop-db", stringData={"password": "hunter22-hunter22"})
)


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
