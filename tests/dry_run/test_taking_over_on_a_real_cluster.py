"""kubectl's and a real autoscaler's replicas, from the plan in the chat to what runs afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox.world import CHART
from tests.dry_run.meanwhile import scaled_during
from tests.real_worlds import RealWorld, open_real_world
from tests.worlds import spaced

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long(10)]

VALUES = """\
web: {replicas: 3}
workloads: {worker: {replicas: 2, args: [worker]}}
"""
CONFIG = {
    "environments": {"trial": {"fail_early": {"crash_restarts": 4}}},  # so that there is a while
    "apps": {
        "shop": {
            "chart": str(CHART),
            "image": "registry.example.org/shop",
            "tags": {"match": r"^v\d+\.\d+.*"},
            "values": ["shop.yaml"],
            "environments": ["trial"],
        }
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, real_kubeconfig: Path) -> AsyncIterator[RealWorld]:
    """A bot on a real cluster, where v1.0 of the shop runs."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "shop.yaml").write_text(VALUES)
    async with open_real_world(folder, real_kubeconfig, CONFIG) as world:
        await world.dana.deploys("v1.0", environment="trial")
        await world.sees("✅ shop → trial v1.0")
        yield world


async def replicas(world: RealWorld, deployment: str) -> int:
    found = json.loads(await world.kubectl("shop", "get", "deployment", deployment, "-o", "json"))
    return int(found["spec"]["replicas"])


async def test_what_kubectl_scaled_is_taken_over_by_a_button(world: RealWorld) -> None:
    await world.kubectl("shop", "scale", "deployment", "shop", "--replicas=5")
    world.dana.says("/deploy shop v1.1 trial")
    plan = await world.sees("Plan: shop → trial v1.1", buttons=["Take over replicas and deploy"])
    assert re.search(r"replicas 3 → 5, by kubectl.*: taken over, set back to 3", spaced(plan.text))
    await world.dana.presses("Take over")
    await world.sees("✅ shop → trial v1.1")
    assert await replicas(world, "shop") == 3


async def test_what_an_autoscaler_set_stays_and_is_still_its_own(world: RealWorld) -> None:
    await world.kubectl("shop", "autoscale", "deployment", "shop-worker", "--min=4", "--max=6", "--cpu=50%")
    await world.kubectl(
        "shop", "wait", "--for=jsonpath={.spec.replicas}=4", "deployment/shop-worker", "--timeout=300s"
    )
    world.dana.says("/deploy shop v1.2 trial")
    plan = await world.sees("Plan: shop → trial v1.2", buttons=["Deploy to trial"])
    assert "Deployment shop-worker: replicas stay at 4, as its autoscaler set them" in spaced(plan.text)
    await world.dana.presses("Deploy to trial")
    await world.sees("✅ shop → trial v1.2")
    assert await replicas(world, "shop-worker") == 4

    world.dana.says("/rollback shop trial")
    plan = await world.sees("Roll back: shop → trial v1.1", buttons=["Roll back to v1.1"])
    assert "replicas stay at 4" in spaced(plan.text)


async def test_the_way_back_does_not_fail_over_what_others_set(world: RealWorld) -> None:
    await world.dana.deploys("v2.0-crash", environment="trial")
    await scaled_during(world.api, world.namespace("shop"), "v2.0-crash", {"shop": (5, "kubectl")})
    await world.sees("↩️ shop → trial v1.2 is back")
    assert await replicas(world, "shop") == 3
    assert await replicas(world, "shop-worker") == 4
