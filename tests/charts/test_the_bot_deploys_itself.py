"""The bot deploys its own chart: it is ended in the middle of its own rollout, and the next one sees it through."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.rbac.printing import Account as ServiceAccount
from bot.rbac.printing import rbac
from bot.sandbox.kubernetes.storage import Key
from bot.sandbox.world import SandboxWorld
from tests.charts.test_pilothouse import CHART, CONFIG
from tests.installed import open_world
from tests.modes.opening import bot_in
from tests.rbac.accounts import account, apply
from tests.worlds import LONGEST, QUICK

NAMESPACE = "pilothouse-staging"
VERSIONS = ("v1.0", "v1.1")


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        for version in VERSIONS:
            sandbox.servers.registry.add("pilothouse", version)
        yield sandbox


def of_itself(sandbox: SandboxWorld, folder: Path) -> dict[str, Any]:
    """The configuration of a bot that is one of its own apps."""
    write_values(folder, {"shop-staging": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]})
    app = {
        "chart": str(CHART),
        "image": f"{sandbox.servers.registry.host}/pilothouse",
        "values": ["pilothouse.yaml"],
        "environments": ["staging"],
    }
    return {"apps": {"pilothouse": app}}


def write_values(folder: Path, namespaces: dict[str, Any]) -> None:
    """The chart's values, with the rights that it hands to the bot."""
    values = {"fullnameOverride": "bot", "config": CONFIG, "rbac": {"namespaces": namespaces}}
    (folder / "pilothouse.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")


async def printed(sandbox: SandboxWorld, folder: Path, more: dict[str, Any]) -> list[dict[str, Any]]:
    """What `pilothouse rbac` prints for this configuration."""
    path = folder / "itself.yaml"
    path.write_text(yaml.safe_dump(more), encoding="utf-8")
    out = io.StringIO()
    bot = ServiceAccount("pilothouse", "pilothouse")
    assert await rbac((*sandbox.configs, path), {}, bot, "", "bot", out) == 0
    return list(yaml.safe_load_all(out.getvalue()))


def pods(sandbox: SandboxWorld) -> list[dict[str, Any]]:
    """The bot's pods in the cluster."""
    found: list[dict[str, Any]] = sandbox.servers.cluster.storage.list("", "pods", NAMESPACE)
    return found


async def until_the_kubelet_ends_the_old_one(sandbox: SandboxWorld, old: str) -> None:
    """Until the pod in which the bot would run is told to stop, or is gone already."""
    storage = sandbox.servers.cluster.storage
    async with asyncio.timeout(LONGEST):
        with storage.changes() as changes:
            while any(
                each["metadata"]["name"] == old and "deletionTimestamp" not in each["metadata"]
                for each in pods(sandbox)
            ):
                await anext(changes)


@pytest.mark.long(20)
async def test_the_next_bot_ends_what_the_one_before_it_was_doing(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    """Under exactly the rights that `pilothouse rbac` prints, the chart's own Role among them."""
    cluster = sandbox.servers.cluster
    async with account(cluster, tmp_path) as mine:
        more = of_itself(sandbox, tmp_path) | {"clusters": {"main": {"kubeconfig": str(mine.kubeconfig)}}}
        await apply(cluster, await printed(sandbox, tmp_path, more))
        async with bot_in(sandbox, tmp_path, more) as world:
            await world.dana.deploys(VERSIONS[0], "pilothouse")
            await world.sees("✅ pilothouse → staging v1.0")
            (old,) = (each["metadata"]["name"] for each in pods(sandbox))
            plan = await world.dana.deploys(VERSIONS[1], "pilothouse")
            await until_the_kubelet_ends_the_old_one(sandbox, old)
        left = sandbox.servers.telegram.world.message(plan.chat_id, plan.id)
        assert left is not None
        assert "✅ pilothouse" not in left.text
        async with bot_in(sandbox, tmp_path, more) as world:
            done = await world.sees("✅ pilothouse → staging v1.1")
            assert done.id == plan.id
            assert world.history("pilothouse", NAMESPACE)[-1] == "deployed"
    deployment = cluster.storage.get(Key("apps", "deployments", NAMESPACE, "bot"))
    assert deployment is not None
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    assert "/pilothouse:v1.1@sha256:" in image


async def test_values_that_grant_more_than_the_bot_holds_are_refused_by_the_cluster(
    sandbox: SandboxWorld, tmp_path: Path
) -> None:
    cluster = sandbox.servers.cluster
    async with account(cluster, tmp_path) as mine:
        more = of_itself(sandbox, tmp_path) | {"clusters": {"main": {"kubeconfig": str(mine.kubeconfig)}}}
        await apply(cluster, await printed(sandbox, tmp_path, more))
        greedy = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
        write_values(tmp_path, {"shop-staging": greedy})
        async with bot_in(sandbox, tmp_path, more) as world:
            world.dana.says(f"/deploy pilothouse {VERSIONS[0]} staging")
            plan = await world.sees(
                "(?s)🚫 Plan: pilothouse.*It grants rights that system:serviceaccount:pilothouse:\\S+ does not have"
            )
            assert not any(each.label.startswith("Deploy to") for row in plan.buttons for each in row)
