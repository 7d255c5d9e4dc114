"""charts/microservice as its users meet it: values in, objects out, rendered by Helm itself."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.helm.charts import ChartArchive, FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.errors import ChartInvalid, ValuesInvalid
from tests.charts.rendering import Objects, objects

CHART = Path(__file__).parents[2] / "charts" / "microservice"
DIGEST = "sha256:" + "a" * 64
LEAST = {"image": {"repository": "registry.example.org/shop", "tag": "v1.2"}}
FULL: dict[str, Any] = LEAST | {
    "web": {"autoscaling": {"minReplicas": 2, "maxReplicas": 5}, "disruptionBudget": {"maxUnavailable": 1}},
    "workloads": {"worker": {"args": ["worker"]}, "admin": {"port": 9000}},
    "migration": {"enabled": True, "args": ["migrate"]},
    "config": {"LOG_LEVEL": "info", "WORKERS": 4, "DEBUG": False},
    "secrets": {"API_KEY": "canary"},
    "db": {"host": "db.example.org", "port": 5432, "password": "hunter2"},
    "test": {"command": ["/bin/check"]},
    "ingress": {"enabled": True, "host": "shop.example.org", "tlsSecret": "shop-tls"},
}  # fmt: skip


@pytest.fixture
async def helm() -> AsyncIterator[Helm]:
    async with Helm(renderers=1) as helm:
        yield helm


@pytest.fixture
async def chart() -> ChartArchive:
    return await fetch(FolderChart(CHART))


def container(workload: Mapping[str, Any]) -> dict[str, Any]:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


async def test_an_image_is_all_it_takes(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, LEAST)
    assert set(found) == {("Deployment", "shop"), ("Service", "shop"), ("ServiceAccount", "shop")}
    assert container(found["Deployment", "shop"])["image"] == "registry.example.org/shop:v1.2"


async def test_names_follow_the_release_and_the_workload(helm: Helm, chart: ChartArchive) -> None:
    assert set(await objects(helm, chart, FULL)) == {
        ("ConfigMap", "shop-env"),
        ("Deployment", "shop"),
        ("Deployment", "shop-admin"),
        ("Deployment", "shop-worker"),
        ("HorizontalPodAutoscaler", "shop"),
        ("Ingress", "shop"),
        ("Job", "shop-migrate"),
        ("Pod", "shop-test"),
        ("PodDisruptionBudget", "shop"),
        ("Secret", "shop-env"),
        ("Secret", "shop-migrate"),
        ("Service", "shop"),
        ("Service", "shop-admin"),
        ("ServiceAccount", "shop"),
    }


async def test_a_digest_pins_the_image_and_the_tag_still_tells_the_version(
    helm: Helm, chart: ChartArchive
) -> None:
    found = await objects(helm, chart, {"image": LEAST["image"] | {"digest": DIGEST}})
    shop = found["Deployment", "shop"]
    assert container(shop)["image"] == f"registry.example.org/shop:v1.2@{DIGEST}"
    assert shop["metadata"]["labels"]["app.kubernetes.io/version"] == "v1.2"


async def test_all_pods_run_confined(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, FULL)
    pods = [
        one["spec"]["template"]["spec"] for (kind, _), one in found.items() if kind in ("Deployment", "Job")
    ]
    for pod in [*pods, found["Pod", "shop-test"]["spec"]]:
        assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        assert pod["automountServiceAccountToken"] is False
        (only,) = pod["containers"]
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"name": "tmp", "mountPath": "/tmp"} in only["volumeMounts"]


async def test_requests_are_set_and_a_single_limit_can_be_raised(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, LEAST | {"web": {"resources": {"limits": {"memory": "1Gi"}}}})
    assert container(found["Deployment", "shop"])["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi"},
        "limits": {"memory": "1Gi"},
    }


async def test_a_changed_environment_restarts_the_pods_and_a_new_version_leaves_the_rest_alone(
    helm: Helm, chart: ChartArchive
) -> None:
    def checksum(found: Objects) -> str:
        return str(
            found["Deployment", "shop"]["spec"]["template"]["metadata"]["annotations"]["checksum/environment"]
        )

    before = await objects(helm, chart, FULL)
    newer = await objects(
        helm, chart, FULL | {"image": {"repository": "registry.example.org/shop", "tag": "v1.3"}}
    )
    changed = await objects(helm, chart, FULL | {"secrets": {"API_KEY": "another"}})
    assert checksum(before) == checksum(newer) != checksum(changed)
    different = {kind for (kind, name), one in newer.items() if before[kind, name] != one}
    assert different == {"Deployment", "Job", "Pod"}


async def test_the_environment_reaches_workloads_and_migration_and_secrets_stay_in_secrets(
    helm: Helm, chart: ChartArchive
) -> None:
    found = await objects(helm, chart, FULL)
    plain = {
        "DB_HOST": "db.example.org",
        "DB_PORT": "5432",
        "LOG_LEVEL": "info",
        "WORKERS": "4",
        "DEBUG": "false",
    }
    assert found["ConfigMap", "shop-env"]["data"] == plain
    assert {one["name"]: one["value"] for one in container(found["Job", "shop-migrate"])["env"]} == plain
    secret = {"API_KEY": "canary", "DB_PASSWORD": "hunter2"}
    for name in ("shop-env", "shop-migrate"):
        data = found["Secret", name]["data"]
        assert {key: base64.b64decode(value).decode() for key, value in data.items()} == secret
    for name in ("shop", "shop-worker", "shop-admin"):
        references = container(found["Deployment", name])["envFrom"]
        assert references == [{"configMapRef": {"name": "shop-env"}}, {"secretRef": {"name": "shop-env"}}]
    others = [one for (kind, _), one in found.items() if kind != "Secret"]
    assert "canary" not in str(others)
    assert "hunter2" not in str(others)


async def test_the_migration_runs_before_anything_else_changes(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, FULL)
    job, secret = found["Job", "shop-migrate"], found["Secret", "shop-migrate"]
    for one in (job, secret):
        assert one["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    weights = [int(one["metadata"]["annotations"]["helm.sh/hook-weight"]) for one in (secret, job)]
    assert weights == sorted(weights)
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "default"
    assert job["spec"]["backoffLimit"] == 0


async def test_an_autoscaler_owns_the_replicas(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, FULL)
    assert "replicas" not in found["Deployment", "shop"]["spec"]
    assert found["Deployment", "shop-worker"]["spec"]["replicas"] == 1


async def test_a_workload_can_be_scaled_to_nothing(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, LEAST | {"web": {"replicas": 0}})
    assert found["Deployment", "shop"]["spec"]["replicas"] == 0


async def test_each_service_finds_its_own_workload_alone(helm: Helm, chart: ChartArchive) -> None:
    found = await objects(helm, chart, FULL)
    for service, wanted in (("shop", ["shop"]), ("shop-admin", ["shop-admin"])):
        selector = found["Service", service]["spec"]["selector"].items()
        matched = [
            name
            for (kind, name), one in found.items()
            if kind in ("Deployment", "Job")
            and selector <= one["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert matched == wanted


async def test_a_probe_of_one_s_own_replaces_the_default(helm: Helm, chart: ChartArchive) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": "http"}}
    own = container(
        (await objects(helm, chart, LEAST | {"web": {"readinessProbe": probe}}))["Deployment", "shop"]
    )
    default = container((await objects(helm, chart, LEAST))["Deployment", "shop"])
    assert own["readinessProbe"] == probe
    assert default["readinessProbe"]["tcpSocket"] == {"port": "http"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"web": {"replcas": 2}}, "replcas"),
        ({"imag": {}}, "imag"),
        ({"image": {"repository": "r", "tag": 1.2}}, "/image/tag"),
        ({"image": {"repository": "r", "tag": "v1", "digest": "sha256:short"}}, "/image/digest"),
        ({"workloads": {"Big_Name": {}}}, "Big_Name"),
        ({"workloads": {"web": {}}}, "propertyName 'web'"),
        ({"config": {"not-a-name": "x"}}, "not-a-name"),
        ({"service": {"port": 70000}}, "/service/port"),
    ],
)
async def test_typing_errors_are_caught(helm: Helm, chart: ChartArchive, values: Any, words: str) -> None:
    with pytest.raises(ValuesInvalid) as caught:
        await objects(helm, chart, LEAST | values)
    assert words in caught.value.words


@pytest.mark.parametrize(
    ("values", "words"),
    [({}, "image.repository is missing"), ({"image": {"repository": "r"}}, "image.tag is missing")],
)
async def test_what_is_missing_is_said(helm: Helm, chart: ChartArchive, values: Any, words: str) -> None:
    with pytest.raises(ChartInvalid, match=words):
        await objects(helm, chart, values)


async def test_hostile_values_stay_text(helm: Helm, chart: ChartArchive) -> None:
    nasty = 'a"b\n- c: {{ .Values }}\nd: "'
    found = await objects(helm, chart, LEAST | {"config": {"A": nasty}, "web": {"env": {"B": nasty}}})
    assert found["ConfigMap", "shop-env"]["data"]["A"] == nasty
    assert container(found["Deployment", "shop"])["env"] == [{"name": "B", "value": nasty}]


async def test_names_stay_within_their_limits(helm: Helm, chart: ChartArchive) -> None:
    release = "a" * 53
    values = LEAST | {"workloads": {"worker": {}}, "migration": {"enabled": True}}
    assert all(len(name) <= 63 for _, name in await objects(helm, chart, values, release))


async def test_helm_finds_nothing_to_complain_of(helm: Helm, chart: ChartArchive) -> None:
    messages = await helm.lint(chart, FULL, namespace="n", kube_version="v1.31.0")
    assert [one.words for one in messages] == ["icon is recommended"]
