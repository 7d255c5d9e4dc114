"""charts/pilothouse as its users meet it: values in, objects out, rendered by Helm itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.access import ClusterAccess
from bot.config import load
from bot.helm.charts import ChartArchive, FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.errors import ChartInvalid, ValuesInvalid
from bot.helm.releases import Location
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.charts.rendering import objects

CHART = Path(__file__).parents[2] / "charts" / "pilothouse"
CONFIG: dict[str, Any] = {
    "telegram": {"token": "${TELEGRAM_TOKEN}"},
    "clusters": {"main": {"in_cluster": True}},
    "environments": {"staging": {"cluster": "main", "namespace": "{{ app }}-staging"}},
    "apps": {
        "shop": {
            "chart": "oci://r.example.org/shop",
            "values": ["values/shop.yaml"],
            "environments": ["staging"],
        }
    },
}
LEAST: dict[str, Any] = {
    "image": {"repository": "registry.example.org/pilothouse", "tag": "v1.0"},
    "config": CONFIG,
}
RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
FULL: dict[str, Any] = LEAST | {
    "files": {"values/shop.yaml": "web: {replicas: 2}\n"},
    "existingSecrets": ["tokens"],
    "secrets": {"SHOP_DB_PASSWORD": "canary"},
    "secretFiles": ["kubeconfigs"],
    "rbac": {"cluster": RULES, "namespaces": {"shop-staging": RULES, "blog": RULES}},
    "service": {"enabled": True},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}]},
    "podLabels": {"team": "platform"},
}
DATABASE = LEAST | {"store": {"disk": {"enabled": False}, "database": {"existingSecret": "store"}}}


@pytest.fixture
async def helm() -> AsyncIterator[Helm]:
    async with Helm(renderers=1, writers=1) as helm:
        yield helm


@pytest.fixture
async def chart() -> ChartArchive:
    return await fetch(FolderChart(CHART))


def pod_of(deployment: dict[str, Any]) -> dict[str, Any]:
    pod = deployment["spec"]["template"]["spec"]
    assert isinstance(pod, dict)
    return pod


async def test_image_and_configuration_are_all_it_takes(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, LEAST, "pilothouse")
    assert set(found) == {
        ("ConfigMap", "pilothouse"),
        ("Deployment", "pilothouse"),
        ("PersistentVolumeClaim", "pilothouse"),
        ("ServiceAccount", "pilothouse"),
    }
    pod = pod_of(found["Deployment", "pilothouse"])
    assert pod["containers"][0]["image"] == "registry.example.org/pilothouse:v1.0"
    assert pod["volumes"][1]["persistentVolumeClaim"] == {"claimName": "pilothouse"}


async def test_one_pod_confined_whose_predecessor_has_ended(helm: Helm, chart: ChartArchive) -> None:
    deployment = (await objects(helm, chart, FULL, "pilothouse"))["Deployment", "pilothouse"]
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]) == (1, {"type": "Recreate"})
    pod = pod_of(deployment)
    (only,) = pod["containers"]
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    paths = {name: only[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")}
    assert paths == {"livenessProbe": "/healthz", "readinessProbe": "/readyz"}


async def test_the_files_are_a_configuration_that_loads(
    helm: Helm, chart: ChartArchive, tmp_path: Path
) -> None:
    """Laid out as the pod's volume does it."""
    for values, store in ((FULL, "sqlite:"), (FULL | DATABASE | {"files": FULL["files"]}, "postgresql:")):
        found = await objects(helm, chart, values, "pilothouse")
        pod = pod_of(found["Deployment", "pilothouse"])
        (volume,) = (each["configMap"] for each in pod["volumes"] if each["name"] == "config")
        for item in volume["items"]:
            path = tmp_path / item["path"]
            path.parent.mkdir(exist_ok=True)
            path.write_text(found["ConfigMap", "pilothouse"]["data"][item["key"]], encoding="utf-8")
        named = [word for word in pod["containers"][0]["args"] if word.startswith("/etc/pilothouse/")]
        files = [tmp_path / word.removeprefix("/etc/pilothouse/") for word in named]
        config = load(files, {"TELEGRAM_TOKEN": "1:a", "PILOTHOUSE_STORE": "postgresql://u@h/n"})
        assert config.store.read().startswith(store)
        assert config.address == ("0.0.0.0", 8081)
        assert config.target("shop", "staging").values[0].path.is_file()


async def test_rights_are_the_given_rules_and_no_more(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, FULL, "pilothouse")
    roles = {key: one for key, one in found.items() if key[0].endswith("Role")}
    assert set(roles) == {
        ("ClusterRole", "pilothouse"),
        ("Role", "shop-staging/pilothouse"),
        ("Role", "blog/pilothouse"),
    }
    assert all(one["rules"] == RULES for one in roles.values())
    bindings = [one for (kind, _), one in found.items() if kind.endswith("RoleBinding")]
    assert len(bindings) == 3
    account = {"kind": "ServiceAccount", "name": "pilothouse", "namespace": "pilothouse"}
    assert all(one["subjects"] == [account] for one in bindings)
    without = await objects(helm, chart, FULL | {"rbac": FULL["rbac"] | {"create": False}}, "pilothouse")
    assert not [kind for kind, _ in without if "Role" in kind]


async def test_secrets_stay_in_secrets_and_a_change_restarts_the_bot(helm: Helm, chart: ChartArchive) -> None:
    def checksum(deployment: dict[str, Any]) -> str:
        return str(deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"])

    found = await objects(helm, chart, FULL, "pilothouse")
    assert "canary" not in yaml.safe_dump([one for (kind, _), one in found.items() if kind != "Secret"])
    changed = await objects(helm, chart, FULL | {"secrets": {"SHOP_DB_PASSWORD": "another"}}, "pilothouse")
    other = await objects(helm, chart, FULL | {"image": LEAST["image"] | {"tag": "v1.1"}}, "pilothouse")
    sums = [checksum(each["Deployment", "pilothouse"]) for each in (found, changed, other)]
    assert sums[0] != sums[1]
    assert sums[0] == sums[2]
    assert {kind for (kind, name), one in other.items() if found[kind, name] != one} == {"Deployment"}


async def test_a_database_brings_its_own_key_and_needs_no_disk(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, DATABASE, "pilothouse")
    assert ("PersistentVolumeClaim", "pilothouse") not in found
    pod = pod_of(found["Deployment", "pilothouse"])
    (only,) = pod["containers"]
    reference = {"secretKeyRef": {"name": "store", "key": "url"}}
    assert only["env"] == [{"name": "PILOTHOUSE_STORE", "valueFrom": reference}]
    assert {"name": "store", "mountPath": "/run/secrets/store", "readOnly": True} in only["volumeMounts"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"config": CONFIG | {"listen": "0.0.0.0:80"}}, "listen"),
        ({"confg": {}}, "confg"),
        ({"files": {"../x": ""}}, "../x"),
        ({"files": {"config.yaml": ""}}, "config.yaml"),
        ({"rbac": {"namespaces": {"Shop": RULES}}}, "Shop"),
        ({"rbac": {"cluster": [{"resource": ["pods"], "verbs": ["get"]}]}}, "resource"),
        ({"terminationGracePeriodSeconds": 1}, "terminationGracePeriodSeconds"),
    ],
)
async def test_typing_errors_are_caught(helm: Helm, chart: ChartArchive, values: Any, words: str) -> None:
    with pytest.raises(ValuesInvalid) as caught:
        await objects(helm, chart, LEAST | values, "pilothouse")
    assert words in caught.value.words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (LEAST | {"image": {}}, "image.repository is missing"),
        ({"image": LEAST["image"]}, "config is missing"),
        (LEAST | {"store": {"disk": {"enabled": False}}}, "where should the bot keep what it does"),
    ],
)
async def test_what_is_missing_is_said(helm: Helm, chart: ChartArchive, values: Any, words: str) -> None:
    with pytest.raises(ChartInvalid, match=words):
        await objects(helm, chart, values, "pilothouse")


async def test_all_its_objects_are_valid_kubernetes(tmp_path: Path, chart: ChartArchive) -> None:
    async with KubernetesServer(pace=Pace.instant()) as server, Helm() as helm:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(server.kubeconfig(), encoding="utf-8")
        at = Location(ClusterAccess(kubeconfig), "default", "pilothouse")
        values = FULL | {"rbac": {"cluster": RULES, "namespaces": {"default": RULES}}}
        done = await helm.upgrade(at, chart, values, timeout=30)
        assert done.status == "deployed"
        messages = await helm.lint(chart, FULL, namespace="n", kube_version="v1.31.0")
        assert [one.words for one in messages] == ["icon is recommended"]
