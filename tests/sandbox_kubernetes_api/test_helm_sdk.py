"""The real Helm SDK against the embedded cluster."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from helm_python import Config
from helm_python.errors import HelmError

from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.storage import Key


@pytest.fixture
def helm(kubeconfig: Path) -> Config:
    return Config(kubeconfig_path=kubeconfig, namespace="shop")


async def install(helm: Config, chart: Path, values: dict[str, Any] | None = None) -> Any:
    return await asyncio.to_thread(
        helm.install, chart, "demo", values=values, namespace="shop", create_namespace=True
    )


async def test_an_install_creates_the_namespace_and_all_objects(
    cluster: KubernetesServer, helm: Config, chart: Path
) -> None:
    release = await install(helm, chart)
    assert release["status"] == "deployed"
    assert cluster.storage.peek(Key("", "namespaces", "", "shop")) is not None
    deployed = cluster.storage.peek(Key("apps", "deployments", "shop", "demo"))
    assert deployed is not None
    assert deployed["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    secret = cluster.storage.peek(Key("", "secrets", "shop", "demo-secret"))
    assert secret is not None
    assert secret["data"] == {"password": "aHVudGVyMg=="}


async def test_an_upgrade_waits_by_watching_and_a_rollback_restores(
    cluster: KubernetesServer, helm: Config, chart: Path
) -> None:
    await install(helm, chart)
    more = {"replicas": 3, "tag": "v2", "extra": {"minReadySeconds": 0, "revisionHistoryLimit": 3}}
    await asyncio.to_thread(helm.upgrade, chart, "demo", more, namespace="shop", wait="watcher", timeout=20)
    key = Key("apps", "deployments", "shop", "demo")
    upgraded = cluster.storage.peek(key)
    assert upgraded is not None
    assert (upgraded["spec"]["replicas"], upgraded["spec"]["revisionHistoryLimit"]) == (3, 3)
    await asyncio.to_thread(helm.rollback, "demo", version=1, wait="watcher", timeout=20)
    restored = cluster.storage.peek(key)
    assert restored is not None
    assert restored["spec"]["replicas"] == 2
    assert restored["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":v1")
    assert restored["spec"]["revisionHistoryLimit"] == 10  # what was applied no more is the default again
    history = await asyncio.to_thread(helm.history, "demo")
    assert [revision["status"] for revision in history] == ["superseded", "superseded", "deployed"]


async def test_an_uninstall_leaves_nothing_of_the_release(
    cluster: KubernetesServer, helm: Config, chart: Path
) -> None:
    await install(helm, chart)
    await asyncio.to_thread(helm.uninstall, "demo", wait="watcher", timeout=20)
    left = cluster.storage.keys()
    kinds = ("secrets", "configmaps", "services", "deployments")
    assert [key for key in left if key.resource in kinds and "demo" in key.name] == []


async def test_a_changed_selector_fails_the_upgrade_in_kubernetes_words(helm: Config, chart: Path) -> None:
    await install(helm, chart)
    with pytest.raises(HelmError, match="field is immutable"):
        await asyncio.to_thread(helm.upgrade, chart, "demo", {"selector": "other"}, namespace="shop")


async def test_an_unknown_field_fails_the_install_by_name(helm: Config, chart: Path) -> None:
    with pytest.raises(HelmError, match=r"\.spec\.sizee: field not declared in schema"):
        await install(helm, chart, {"extra": {"sizee": 3}})


async def test_an_impersonated_stranger_is_refused_in_kubernetes_words(kubeconfig: Path, chart: Path) -> None:
    helm = Config(
        kubeconfig_path=kubeconfig, namespace="default", kube_as_user="eve", kube_as_groups=["team"]
    )
    with pytest.raises(HelmError, match='User "eve" cannot get resource "secrets"'):
        await asyncio.to_thread(helm.install, chart, "demo", namespace="default")


async def test_several_impersonated_groups_arrive(
    cluster: KubernetesServer, kubeconfig: Path, chart: Path
) -> None:
    subject = {"kind": "Group", "name": "deployers", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "ClusterRole", "name": "edit", "apiGroup": "rbac.authorization.k8s.io"}
    binding = {"metadata": {"name": "deployers"}, "subjects": [subject], "roleRef": role}
    cluster.storage.put(Key("rbac.authorization.k8s.io", "clusterrolebindings", "", "deployers"), binding)
    helm = Config(
        kubeconfig_path=kubeconfig,
        namespace="default",
        kube_as_user="dana",
        kube_as_groups=["staff", "deployers"],
    )
    release = await asyncio.to_thread(helm.install, chart, "demo", namespace="default")
    assert release["status"] == "deployed"


async def test_a_chart_brings_its_custom_resource_and_runs_its_hook(
    cluster: KubernetesServer, helm: Config, chart: Path
) -> None:
    release = await install(helm, chart.parent / "custom")
    assert release["status"] == "deployed"
    assert cluster.storage.peek(Key("example.com", "backups", "shop", "demo")) is not None
    job = cluster.storage.peek(Key("batch", "jobs", "shop", "demo-migrate"))
    assert job is not None
    assert job["status"]["succeeded"] == 1
    await asyncio.to_thread(helm.upgrade, chart.parent / "custom", "demo", {"tag": "v2"}, namespace="shop")
    again = cluster.storage.peek(Key("batch", "jobs", "shop", "demo-migrate"))
    assert again is not None
    assert again["metadata"]["uid"] != job["metadata"]["uid"]
