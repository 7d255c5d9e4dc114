"""What somebody else set at the cluster is named before a deploy, and taken over only by a person's yes.

On the way back after a failure nobody is asked: it must not fail. An autoscaler's number stays in either case.
"""

import re
from pathlib import Path
from typing import Any

from bot.cluster import Cluster
from bot.helm import records
from bot.sandbox.kubernetes.storage import Key
from tests.dry_run.meanwhile import scaled_during
from tests.hands import edited, scaled
from tests.worlds import World, open_bot_world, spaced

SCALE = "/apis/apps/v1/namespaces/shop-staging/deployments/{}/scale"


AUTOSCALER = "kube-controller-manager"
SCALED = re.compile(r"shop: replicas 3 → 5, by kubectl.*: taken over, set back to 3")


async def autoscaled(world: World, deployment: str, replicas: int) -> None:
    """What the HorizontalPodAutoscaler's controller does."""
    body = {"spec": {"replicas": replicas}}
    await edited(world, SCALE.format(deployment), body, manager=AUTOSCALER, way="merge")


async def client(world: World) -> Cluster:
    """Of the cluster, in the bot's own name."""
    return await world.parts.clusters.at(world.parts.current.config.target("shop", "staging").access)


def replicas(world: World, deployment: str) -> int:
    item: dict[str, Any] | None = next(
        each
        for each in world.cluster.storage.list("apps", "deployments", "shop-staging")
        if each["metadata"]["name"] == deployment
    )
    assert item is not None
    return int(item["spec"]["replicas"])


async def test_what_was_scaled_by_hand_is_taken_over_by_its_own_button(world: World) -> None:
    await scaled(world, "shop", "shop-staging", 5)
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging v1.2", buttons=["Take over replicas and deploy"])
    assert SCALED.search(spaced(plan.text))
    labels = [button.label for row in plan.buttons for button in row]
    assert "Deploy to staging" not in labels, "it would fail"

    await world.dana.presses("Take over")
    await world.sees("✅ shop → staging v1.2")
    assert replicas(world, "shop") == 3


async def test_nothing_is_taken_over_that_was_not_shown(world: World) -> None:
    await scaled(world, "shop", "shop-staging", 5)
    world.dana.says("/deploy shop v1.2 staging")
    await world.sees("Plan: shop", buttons=["Take over replicas and deploy"])

    await scaled(world, "shop-worker", "shop-staging", 4)
    await world.dana.presses("Take over")
    await world.sees("Since you looked: the cluster answers otherwise", buttons=["Take over 2 fields"])
    assert world.history("shop", "shop-staging") == ["superseded", "deployed"]


async def test_an_autoscalers_number_survives_a_deploy(world: World) -> None:
    await autoscaled(world, "shop", 5)
    world.dana.says("/deploy shop v1.2 staging")
    plan = await world.sees("Plan: shop → staging v1.2", buttons=["Deploy to staging"])
    assert "replicas stay at 5, as its autoscaler set them" in spaced(plan.text)
    await world.dana.presses("Deploy to staging")
    await world.sees("✅ shop → staging v1.2")
    assert replicas(world, "shop") == 5

    world.dana.says("/deploy shop v1.1 staging")
    plan = await world.sees("Plan: shop → staging v1.1", buttons=["Deploy to staging"])
    assert "replicas stay at 5, as its autoscaler set them" in spaced(plan.text), "and it is still known"


async def test_the_way_back_takes_over_all_but_an_autoscalers_number(tmp_path: Path) -> None:
    patient = "environments: {staging: {fail_early: {crash_restarts: 4}}}"
    async with open_bot_world(tmp_path, patient) as world:
        await world.dana.deploys("v2.0-crash")
        meanwhile = {"shop": (5, "kubectl"), "shop-worker": (4, AUTOSCALER)}
        await scaled_during(await client(world), "shop-staging", "v2.0-crash", meanwhile)
        await world.sees("↩️ shop → staging v1.1 is back")
        assert replicas(world, "shop") == 3
        assert replicas(world, "shop-worker") == 4


async def test_a_rollback_that_a_person_asks_for_says_what_it_would_take_over(world: World) -> None:
    await scaled(world, "shop", "shop-staging", 5)
    world.dana.says("/rollback shop staging 1")
    plan = await world.sees("Roll back: shop", buttons=["Take over replicas and roll back"])
    assert SCALED.search(spaced(plan.text))
    await world.dana.presses("Take over")
    await world.sees("↩️ shop → staging v1.0|✅ shop → staging v1.0")
    assert replicas(world, "shop") == 3


async def test_a_plan_that_would_fail_says_why_and_can_not_be_confirmed(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, "environments: {production: {create_namespace: false}}") as world:
        world.kim.says("/deploy blog v0.9 production")
        plan = await world.sees("🚫 Plan: blog → PRODUCTION v0.9", buttons=["Plan again", "Close"])
        assert "There is no namespace blog" in plan.text
        assert "Create it" in plan.text
        labels = [button.label for row in plan.buttons for button in row]
        assert not any("Deploy" in label for label in labels)

        await (await client(world)).create("v1", "Namespace", None, {"metadata": {"name": "blog"}})
        await world.kim.presses("Plan again")
        await world.sees("📋 Plan: blog → PRODUCTION v0.9", buttons=["Deploy to PRODUCTION"])


async def test_the_way_back_of_a_helm_3_release_needs_no_force_and_gets_none(tmp_path: Path) -> None:
    patient = "environments: {staging: {fail_early: {crash_restarts: 4}}}"
    async with open_bot_world(tmp_path, patient) as world:
        as_helm_3_left_it(world)
        world.dana.says("/deploy shop v2.0-crash staging")
        await world.sees("Plan: shop", buttons=["Deploy to staging"])
        await world.dana.presses("Deploy to staging")
        meanwhile = {"shop": (5, "kubectl")}
        await scaled_during(await client(world), "shop-staging", "v2.0-crash", meanwhile)
        await world.sees("↩️ shop → staging v1.1 is back")
        assert replicas(world, "shop") == 3


def as_helm_3_left_it(world: World) -> None:
    """Take the word from the records that the server applied their objects: Helm 3 has none."""
    for secret in world.cluster.storage.list("", "secrets", "shop-staging"):
        if secret.get("type") == "helm.sh/release.v1":
            record = records.read(secret["data"]["release"])
            assert record.pop("apply_method") == "ssa"
            changed = {**secret, "data": {"release": records.written(record)}}
            world.cluster.storage.put(Key("", "secrets", "shop-staging", secret["metadata"]["name"]), changed)
