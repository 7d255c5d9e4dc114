"""`pilothouse rbac` without an answering cluster, without secrets, for several clusters, and as values of the chart."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.helm.charts import FolderChart, fetch
from bot.helm.client import Helm
from bot.planning.errors import PlanRefused
from bot.rbac.printing import Account, Form, rbac
from tests.charts.rendering import objects
from tests.charts.test_pilothouse import CHART, LEAST

ACCOUNT = Account("bot", "tools")
MICROSERVICE = str(CHART.parent / "microservice")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    app = {"chart": MICROSERVICE, "image": "r.example.org/shop", "secrets": {"db.password": "${UNSET}"}}
    content: dict[str, Any] = {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": f"sqlite:///{tmp_path}/it.db",
        "clusters": {"near": {"kubeconfig": "none"}, "far": {"kubeconfig": "none", "context": "far"}},
        "environments": {
            "staging": {"cluster": "near", "namespace": "{{ app }}-staging"},
            "production": {"cluster": "far", "namespace": "{{ app }}", "impersonate": True},
        },
        "people": {"dana": {"id": 1002, "kubernetes": {"user": "dana@example.org", "groups": ["devs"]}}},
        "bindings": [{"role": "deployer", "people": ["dana"]}],
        "apps": {"shop": {**app, "environments": ["staging", "production"]}},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


async def printed(config: Path, cluster: str, form: Form = "bot") -> str:
    out = io.StringIO()
    assert await rbac([config], {}, ACCOUNT, cluster, form, out) == 0
    return out.getvalue()


async def test_each_cluster_gets_its_own_and_has_to_be_named(config: Path) -> None:
    with pytest.raises(PlanRefused) as refused:
        await printed(config, "")
    assert "--cluster: far, near" in refused.value.advice
    near = await printed(config, "near")
    assert "The cluster could not be asked what it serves" in near
    documents = list(yaml.safe_load_all(near))
    assert {each["metadata"].get("namespace") for each in documents} == {None, "shop-staging"}
    assert all(each["metadata"]["name"] == "bot" for each in documents)
    assert "impersonate" not in near


async def test_where_people_are_asked_for_the_bot_gets_nothing_but_that(config: Path) -> None:
    far = await printed(config, "far")
    assert "Asked in people's own names: dana" in far
    (role,) = (each for each in yaml.safe_load_all(far) if each["kind"].endswith("Role"))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "impersonate"}
    assert all(rule["resourceNames"] for rule in role["rules"])
    people = list(yaml.safe_load_all(await printed(config, "far", "people")))
    assert [each["kind"] for each in people] == ["Role", "RoleBinding"]
    assert people[1]["subjects"][0]["name"] == "dana@example.org"
    with pytest.raises(PlanRefused, match="Nobody is asked for"):
        await printed(config, "near", "people")


async def test_the_chart_makes_the_same_roles_of_the_printed_values(config: Path) -> None:
    values = yaml.safe_load(await printed(config, "near", "values"))
    wanted = {each["kind"]: each for each in yaml.safe_load_all(await printed(config, "near"))}
    async with Helm(renderers=1) as helm:
        found = await objects(helm, await fetch(FolderChart(CHART)), LEAST | values, "bot")
    assert found["Role", "shop-staging/bot"]["rules"] == wanted["Role"]["rules"]
    assert found["ClusterRole", "bot"]["rules"] == wanted["ClusterRole"]["rules"]
