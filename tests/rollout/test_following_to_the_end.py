"""Rollouts followed on the embedded cluster, from before the change to the verdict."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from bot.clock import SystemClock
from bot.cluster import Cluster, ClusterConflict, Identity, Ref
from bot.events import Event, HookProgress, Note, PodTrouble, WorkloadProgress
from bot.rollout import Follower, ObjectRef, Rules, Verdict, explain, judge
from bot.sandbox.kubernetes.cluster import KubernetesServer
from bot.sandbox.kubernetes.errors import ApiError
from tests.faults.clusters import refused

SHOP = ObjectRef("apps/v1", "Deployment", "shop")
MIGRATE = ObjectRef("batch/v1", "Job", "shop-migrate", hook=True)
SETTINGS = ObjectRef("v1", "ConfigMap", "shop-env")
RULES = Rules(crash_restarts=3, image_grace=0.5, timeout=20, settle=0.3)


def workload(tag: str, replicas: int = 2) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": f"registry.example.org/shop:{tag}",
        "resources": {"limits": {"memory": "256Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [container]}},
        },
    }


async def deploy(cluster: Cluster, tag: str) -> None:
    try:
        await cluster.create("apps/v1", "Deployment", "shop", workload(tag))
    except ClusterConflict:
        body = {"spec": {"template": workload(tag)["spec"]["template"]}}
        await cluster.patch(Ref("apps/v1", "Deployment", "shop", "shop"), body)


async def migrate(cluster: Cluster, tag: str) -> None:
    template = {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "migrate", "image": f"shop:{tag}"}]}
    }
    body = {"metadata": {"name": "shop-migrate"}, "spec": {"backoffLimit": 1, "template": template}}
    await cluster.create("batch/v1", "Job", "shop", body)


async def follow(
    cluster: Cluster,
    change: Callable[[], Awaitable[None]] | None,
    *objects: ObjectRef,
    rules: Rules = RULES,
    ahead: float = -1,
    unwell: dict[str, int] | None = None,
    heard: Callable[[Event], Awaitable[None]] | None = None,
) -> tuple[list[Event], Verdict]:
    """Follow a change as an operation does: the watch first, then the change, then `applied`.

    `heard` is what somebody does at each event.
    """
    clock = SystemClock()
    events: list[Event] = []

    async def change_then_applied(follower: Follower) -> None:
        if change is not None:
            await change()
        follower.applied()

    async with (
        asyncio.timeout(300),
        Follower(
            cluster,
            "shop",
            objects or (SHOP,),
            rules=rules,
            since=clock.now() + timedelta(seconds=ahead),
            clock=clock,
            unwell=unwell,
        ) as follower,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(change_then_applied(follower))
        async for event in follower:
            events.append(event)
            if heard is not None:
                await heard(event)
    assert follower.verdict is not None
    return events, follower.verdict


async def test_a_good_version_arrives(cluster: Cluster) -> None:
    events, verdict = await follow(cluster, lambda: deploy(cluster, "v1"), SHOP, SETTINGS)
    assert verdict == Verdict("healthy")
    assert events[-1] == WorkloadProgress("Deployment", "shop", 2, 2, 2, done=True)


async def test_a_second_version_is_not_taken_for_the_first(cluster: Cluster) -> None:
    await follow(cluster, lambda: deploy(cluster, "v1"))
    events, verdict = await follow(cluster, lambda: deploy(cluster, "v2"), ahead=30)
    assert verdict.health == "healthy"
    told = [it for it in events if isinstance(it, WorkloadProgress)]
    assert not told[0].done
    assert told[-1].done
    images = {
        pod["spec"]["containers"][0]["image"]
        for pod in await cluster.list("v1", "Pod", "shop")
        if not pod["metadata"].get("deletionTimestamp")
    }
    assert images == {"registry.example.org/shop:v2"}


async def test_a_crashing_version_fails_with_its_last_words(cluster: Cluster) -> None:
    await follow(cluster, lambda: deploy(cluster, "v1"))
    events, verdict = await follow(cluster, lambda: deploy(cluster, "v2-crash"))
    assert verdict.health == "failed"
    trouble = verdict.troubles[0]
    assert trouble.cause == "app-error"
    assert trouble.words.startswith("The app crashed at start")
    assert trouble.quote
    assert trouble.quote in verdict.last_words
    assert any(isinstance(it, PodTrouble) for it in events)


async def test_trouble_is_told_within_a_second_of_the_cluster_showing_it(cluster: Cluster) -> None:
    clock = SystemClock()
    rules = Rules(image_grace=60, timeout=60)
    async with (
        asyncio.timeout(300),
        Follower(cluster, "shop", [SHOP], rules=rules, since=clock.now(), clock=clock) as follower,
        contextlib.aclosing(cluster.watch("v1", "Pod", "shop")) as pods,
        asyncio.TaskGroup() as group,
    ):

        async def shown() -> float:
            async for event in pods:
                statuses = event.object.get("status", {}).get("containerStatuses") or ()
                if any(
                    "waiting" in it["state"] and "ErrImage" in it["state"]["waiting"]["reason"]
                    for it in statuses
                ):
                    return clock.monotonic()
            raise AssertionError

        async def told() -> float:
            async for event in follower:
                if isinstance(event, PodTrouble):
                    return clock.monotonic()
            raise AssertionError

        both = group.create_task(shown()), group.create_task(told())
        await deploy(cluster, "v2-missing")
    assert both[1].result() - both[0].result() < 1


async def test_a_clock_that_is_ahead_of_the_clusters_hides_nothing(cluster: Cluster) -> None:
    async def change() -> None:
        await migrate(cluster, "v1")
        await deploy(cluster, "v1")

    events, verdict = await follow(cluster, change, MIGRATE, SHOP, ahead=30)
    assert verdict.health == "healthy"
    assert HookProgress("Job", "shop-migrate", "succeeded", 0) in events


async def test_a_hook_of_the_last_run_is_not_taken_for_this_ones(cluster: Cluster) -> None:
    await migrate(cluster, "v1-crash")
    await follow(cluster, None, MIGRATE)
    events, verdict = await follow(cluster, lambda: deploy(cluster, "v1"), MIGRATE, SHOP, ahead=30)
    assert verdict.health == "healthy"
    assert not any(isinstance(it, HookProgress) for it in events)


async def test_a_version_that_needs_too_much_memory_says_so(cluster: Cluster) -> None:
    _, verdict = await follow(cluster, lambda: deploy(cluster, "v2-oom"))
    assert verdict.health == "failed"
    assert verdict.troubles[0].words == "Ran out of its memory limit of 256Mi"


async def test_a_missing_image_is_told_and_then_fails(cluster: Cluster) -> None:
    events, verdict = await follow(cluster, lambda: deploy(cluster, "v2-missing"))
    assert verdict.health == "failed"
    assert verdict.words.endswith("Image shop:v2-missing does not exist")
    told = [it.trouble.cause for it in events if isinstance(it, PodTrouble)]
    assert told[0] == "image-missing"


async def test_a_version_that_is_never_ready_runs_out_of_time(cluster: Cluster) -> None:
    rules = Rules(timeout=0.5, settle=0)
    _, verdict = await follow(cluster, lambda: deploy(cluster, "v2-slow"), rules=rules)
    assert verdict.health == "failed"
    assert "no progress" in verdict.words.lower()


async def test_a_hook_is_followed_before_anything_is_applied(cluster: Cluster) -> None:
    async def change() -> None:
        await migrate(cluster, "v1")
        await deploy(cluster, "v1")

    events, verdict = await follow(cluster, change, MIGRATE, SHOP)
    assert verdict.health == "healthy"
    assert HookProgress("Job", "shop-migrate", "succeeded", 0) in events


async def test_a_failing_hook_ends_it(cluster: Cluster) -> None:
    _, verdict = await follow(cluster, lambda: migrate(cluster, "v1-crash"), MIGRATE, SHOP)
    assert verdict.health == "failed"
    assert verdict.troubles[0].workload == "Job/shop-migrate"
    assert verdict.troubles[0].words.startswith("Job shop-migrate failed")


async def test_a_restart_of_the_api_server_is_sat_out(cluster: Cluster, server: KubernetesServer) -> None:
    async def change() -> None:
        await deploy(cluster, "v1")
        await server.down(0.3)

    events, verdict = await follow(cluster, change)
    assert verdict.health == "healthy"
    assert any(isinstance(it, Note) and "still trying" in it.text for it in events)


async def test_a_reason_that_comes_later_is_told_too(cluster: Cluster, server: KubernetesServer) -> None:
    """First the connections break, then nobody is let in any more for a while."""
    left = 20

    async def locked(_request: web.Request) -> web.StreamResponse | None:
        nonlocal left
        left -= 1
        return refused(ApiError(401, "Unauthorized", "Unauthorized")) if left >= 0 else None

    async def change() -> None:
        await deploy(cluster, "v1")
        server.meets = locked
        await server.down(0)

    events, verdict = await follow(cluster, change)
    assert verdict.health == "healthy"
    told = [it.text for it in events if isinstance(it, Note) and "still trying" in it.text]
    assert "The cluster does not accept the bot's credentials; still trying" in told
    assert len(told) == len(set(told))


async def test_an_outage_that_lasts_ends_without_a_verdict_on_the_version(
    cluster: Cluster, server: KubernetesServer
) -> None:
    async def change() -> None:
        await deploy(cluster, "v1-slow")
        await server.down(60)

    events, verdict = await follow(cluster, change, rules=Rules(timeout=0.6))
    assert (verdict.health, verdict.troubles) == ("unknown", ())
    assert verdict.words.startswith("The cluster has not answered")
    told = [it.text for it in events if isinstance(it, Note)]
    assert len(told) == len(set(told)) <= 2, "that the connections broke, and that nothing listens any more"


async def test_what_is_deleted_by_hand_is_named_and_not_taken_for_the_versions_doing(
    cluster: Cluster,
) -> None:
    async def change() -> None:
        await deploy(cluster, "v1-slow")
        await cluster.delete(Ref("apps/v1", "Deployment", "shop", "shop"))

    events, verdict = await follow(cluster, change, rules=Rules(timeout=0.6, holds=False))
    assert verdict.health == "unknown"
    assert verdict.words.startswith("Deployment shop is gone: somebody deleted it; no progress for")
    assert any(isinstance(it, PodTrouble) and it.trouble.cause == "deleted" for it in events)


async def test_who_may_not_watch_gets_no_verdict(cluster: Cluster) -> None:
    stranger = cluster.as_(Identity("stranger"))
    events, verdict = await follow(stranger, None)
    assert verdict.health == "unknown"
    assert verdict.not_followed == (SHOP,)
    assert any(isinstance(it, Note) and "cannot be watched" in it.text for it in events)


async def test_kinds_that_cannot_be_judged_are_named(cluster: Cluster) -> None:
    strange = ObjectRef("cert-manager.io/v1", "Certificate", "shop-tls")
    _, verdict = await follow(cluster, lambda: deploy(cluster, "v1"), SHOP, strange)
    assert verdict == Verdict("healthy", not_followed=(strange,))


async def test_one_look_judges_the_live_revision(cluster: Cluster) -> None:
    assert (await judge(cluster, "shop", [SHOP])).words == "Deployment/shop is not there"
    await follow(cluster, lambda: deploy(cluster, "v1"))
    assert (await judge(cluster, "shop", [SHOP])).health == "healthy"
    await follow(cluster, lambda: deploy(cluster, "v2-crash"))
    assert (await judge(cluster, "shop", [SHOP])).health == "failed"
    why = await explain(cluster, "shop", [SHOP])
    assert why.troubles[0].quote
    assert why.last_words
