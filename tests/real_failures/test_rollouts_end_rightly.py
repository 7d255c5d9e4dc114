"""Rollouts that are not simply "all pods are new and ready", followed to their right end beside real controllers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.events import Event, GoesOn, Held, HookProgress, WorkloadProgress
from bot.rollout import Rules, Verdict, judge
from tests.real_failures.following import LONGEST, Followed, Place, refs
from tests.real_failures.objects import IMAGE, NOBODY, Object, deployment, hook, job, template, workload
from tests.real_failures.releases import Releases
from tests.rollout.recorded import running

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEALTHY = Verdict("healthy")
NEXT, CRASH = "registry.example.org/team/shop:v2", "registry.example.org/team/shop:v2-crash"
ONCE = Rules(crash_restarts=1, image_grace=0.2, timeout=LONGEST, settle=0.2)


async def begun(place: Place, item: Object) -> None:
    """The workload is there and well."""
    seen = await place.followed(lambda: place.create(item), item)
    assert seen.verdict == HEALTHY, seen.events


async def renewed(place: Place, item: Object, image: str = NEXT, **more: Any) -> Followed:
    """A next version of it, followed to its end."""
    next_one = template(item["metadata"]["name"], image)
    return await place.followed(lambda: place.change(item, template=next_one), item, **more)


def progress(seen: Followed) -> tuple[int, int, int]:
    """Ready, new and wanted pods in the end."""
    last = [each for each in seen.events if isinstance(each, WorkloadProgress)][-1]
    assert last.done
    return last.ready, last.updated, last.desired


async def images(place: Place, app: str) -> list[str]:
    """What the workload's pods run, sorted, those that end left out."""
    pods = await place.cluster.list("v1", "Pod", place.namespace, labels=f"app={app}")
    staying = [each for each in pods if "deletionTimestamp" not in each["metadata"]]
    return sorted(each["spec"]["containers"][0]["image"] for each in staying)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
async def test_pods_that_are_replaced_when_somebody_deletes_them(place: Place, kind: str) -> None:
    app = f"on-delete-{kind.lower()}"
    one_node: Object = {"nodeSelector": {"kubernetes.io/hostname": "worker-1"}} if kind == "DaemonSet" else {}
    waiting = workload(kind, app, spec={"updateStrategy": {"type": "OnDelete"}, **named(kind)}, **one_node)
    await begun(place, waiting)
    seen = await renewed(place, waiting)
    assert seen.verdict == HEALTHY
    assert progress(seen) == (1, 0, 1)
    assert await images(place, app) == [IMAGE]
    await place.delete(waiting)


@pytest.mark.parametrize(("partition", "new"), [(1, 1), (2, 0)])
async def test_a_partition_keeps_the_pods_below_it(place: Place, partition: int, new: int) -> None:
    app = f"partition-{partition}"
    strategy = {"updateStrategy": {"rollingUpdate": {"partition": partition}}}
    parted = workload("StatefulSet", app, replicas=2, spec={**strategy, **named("StatefulSet")})
    await begun(place, parted)
    seen = await renewed(place, parted)
    assert seen.verdict == HEALTHY
    assert progress(seen) == (2, new, 2)
    assert await images(place, app) == sorted([NEXT] * new + [IMAGE] * (2 - new))
    await place.delete(parted)


async def test_a_paused_deployment_is_asked_about_and_goes_on_when_it_may(place: Place) -> None:
    paused, held = deployment("paused"), asyncio.Event()
    words = "It is paused: nothing is rolled out"
    await begun(place, paused)

    async def change() -> None:
        await place.change(paused, template=template("paused", NEXT), paused=True)

    async def resume() -> None:
        await held.wait()
        assert (await judge(place.cluster, place.namespace, refs([paused]))).words == words
        await place.change(paused, paused=False)

    def notice(event: Event) -> bool:
        if isinstance(event, Held):
            assert event.words == words
            held.set()
        return False

    seen = await place.followed(change, paused, then=resume, until=notice)
    assert GoesOn() in seen.events
    assert seen.verdict == HEALTHY
    assert await images(place, "paused") == [NEXT]
    await place.delete(paused)


async def test_a_paused_deployment_with_nothing_new_is_well(place: Place) -> None:
    still = deployment("still")
    await begun(place, still)
    seen = await place.followed(lambda: place.change(still, paused=True), still)
    assert seen.verdict == HEALTHY
    await place.delete(still)


async def test_no_replicas_are_soon_there(place: Place) -> None:
    none = (
        deployment("none", replicas=0),
        workload("StatefulSet", "none", replicas=0, spec=named("StatefulSet")),
    )
    seen = await place.followed(lambda: place.create(*none), *none)
    assert seen.verdict == HEALTHY
    seen = await renewed(place, none[0], CRASH)
    assert seen.verdict == HEALTHY
    await place.delete(*none)


async def test_scaling_to_nothing_waits_until_nothing_is_left(place: Place) -> None:
    fading = deployment("fading")
    await begun(place, fading)
    seen = await place.followed(lambda: place.change(fading, replicas=0), fading)
    assert seen.verdict == HEALTHY
    assert await images(place, "fading") == []
    await place.delete(fading)


async def test_what_may_be_wholly_unavailable_must_still_become_available(place: Place) -> None:
    all_at_once = {"strategy": {"rollingUpdate": {"maxUnavailable": "100%"}}}
    daring = deployment("daring", replicas=2, spec=all_at_once)
    await begun(place, daring)
    seen = await renewed(place, daring, CRASH, rules=ONCE)
    assert seen.verdict.health == "failed"
    assert seen.verdict.words.endswith("The app crashed at start, exit 1")
    seen = await renewed(place, daring)
    assert seen.verdict == HEALTHY, "though pods of the version before crash"
    assert await images(place, "daring") == [NEXT, NEXT]
    await place.delete(daring)


async def test_a_sidecar_is_no_step_before_the_app(place: Place) -> None:
    proxy = {"name": "proxy", "image": IMAGE, "restartPolicy": "Always"}
    await begun(place, accompanied := deployment("accompanied", initContainers=[proxy]))
    broken = template("accompanied", initContainers=[{**proxy, "image": CRASH}])
    seen = await place.followed(lambda: place.change(accompanied, template=broken), accompanied, rules=ONCE)
    assert seen.verdict.health == "failed"
    assert seen.verdict.words == "Container “proxy” crashed at start, exit 1"
    await place.delete(accompanied)


async def test_a_job_ends_though_its_sidecar_would_go_on(place: Place) -> None:
    proxy = {"name": "proxy", "image": IMAGE, "restartPolicy": "Always"}
    accompanied = job("import-accompanied", initContainers=[proxy])
    seen = await place.followed(lambda: place.create(accompanied), accompanied, rules=ONCE)
    assert seen.verdict == HEALTHY
    await place.until("batch/v1", "Job", has_succeeded)
    seen = await place.followed(nothing, accompanied)
    assert seen.verdict == HEALTHY
    assert progress(seen) == (1, 1, 1)
    await place.delete(accompanied)


async def test_a_job_need_not_end(place: Place) -> None:
    endless = job("endless", **NOBODY)

    async def start() -> None:
        pod = await place.pod_of("endless")
        ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
        await place.status(pod, {**ready, "containerStatuses": [running(ready=True)]})

    seen = await place.followed(lambda: place.create(endless), endless, then=start)
    assert seen.verdict == HEALTHY
    await place.delete(endless)


async def test_a_job_that_is_not_to_start_yet_keeps_nothing_up(place: Place) -> None:
    suspended = job("suspended", spec={"suspend": True})
    seen = await place.followed(lambda: place.create(suspended), suspended)
    assert seen.verdict == HEALTHY
    await place.delete(suspended)


async def test_a_job_that_removes_itself_is_over(place: Place) -> None:
    brief = job("brief", spec={"ttlSecondsAfterFinished": 0})

    async def change() -> None:
        await place.create(brief)
        await place.gone(brief)

    seen = await place.followed(change, brief)
    assert seen.verdict == HEALTHY
    assert progress(seen) == (1, 1, 1)
    assert await judge(place.cluster, place.namespace, refs([brief])) == HEALTHY


async def test_a_job_that_fails_and_removes_itself_has_failed(place: Place) -> None:
    brief = job("brief-crash", image=CRASH, spec={"ttlSecondsAfterFinished": 0})
    seen = await place.followed(lambda: place.create(brief), brief, rules=Rules(settle=LONGEST))
    assert seen.verdict.words == "Job brief-crash failed once: The app crashed at start, exit 1"


async def test_pods_that_were_evicted_and_replaced_are_history(place: Place) -> None:
    crowded = deployment("crowded")
    await begun(place, crowded)
    evicted = await evict(place, "crowded")

    def is_in_its_place(pod: Object) -> bool:
        return is_ready(pod) and pod["metadata"]["name"] != evicted

    await place.until("v1", "Pod", is_in_its_place, labels="app=crowded")
    async with asyncio.timeout(LONGEST):
        while await judge(place.cluster, place.namespace, refs([crowded])) != HEALTHY:
            await asyncio.sleep(0.05)  # until the Deployment's controller has seen it, too
    assert (await place.followed(nothing, crowded)).verdict == HEALTHY
    seen = await renewed(place, crowded)
    assert seen.verdict == HEALTHY
    assert seen.troubles == []
    await place.delete(crowded)


async def test_a_new_pod_that_is_evicted_and_replaced_is_soon_forgotten(place: Place) -> None:
    unlucky = deployment("unlucky", replicas=2)

    async def bad_luck() -> None:
        await evict(place, "unlucky")

    seen = await place.followed(
        lambda: place.create(unlucky), unlucky, then=bad_luck, rules=Rules(settle=0.2)
    )
    assert seen.verdict == HEALTHY
    assert not any(isinstance(each, Held) for each in seen.events)
    await place.delete(unlucky)


async def test_a_daemon_goes_only_where_it_may(place: Place) -> None:
    everywhere = workload("DaemonSet", "everywhere")
    await begun(place, everywhere)
    on_one = template("everywhere", NEXT, nodeSelector={"kubernetes.io/hostname": "worker-2"})
    seen = await place.followed(lambda: place.change(everywhere, template=on_one), everywhere)
    assert seen.verdict == HEALTHY
    assert progress(seen) == (1, 1, 1)
    nowhere = template("everywhere", NEXT, nodeSelector={"example.org/disk": "golden"})
    seen = await place.followed(lambda: place.change(everywhere, template=nowhere), everywhere)
    assert seen.verdict == HEALTHY
    assert progress(seen) == (0, 0, 0)
    await place.delete(everywhere)


async def test_a_hook_that_helm_removes_has_succeeded(releases: Releases) -> None:
    migrate = hook(job("migrate-and-go"), "pre-install,pre-upgrade", deleted="hook-succeeded")
    seen = await deployed(releases, "with-hook", migrate, deployment("with-hook"))
    assert seen.verdict == HEALTHY
    assert HookProgress("Job", "migrate-and-go", "succeeded") in seen.events
    assert await releases.place.cluster.get(releases.place.ref(migrate)) is None


async def test_a_hook_that_removes_itself_has_succeeded(releases: Releases) -> None:
    migrate = hook(job("migrate-for-now", spec={"ttlSecondsAfterFinished": 1}), "pre-install")
    items = migrate, deployment("with-brief-hook")

    async def change() -> None:
        await releases.upgrade("with-brief-hook", *items)
        await releases.place.gone(migrate)

    seen = await releases.place.followed(change, *items)
    assert seen.verdict == HEALTHY
    assert HookProgress("Job", "migrate-for-now", "succeeded") in seen.events


async def test_a_hook_that_failed_and_is_removed_has_said_why(releases: Releases) -> None:
    migrate = hook(job("migrate-badly", image=CRASH), "pre-install", deleted="hook-failed")
    seen = await deployed(releases, "with-bad-hook", migrate, deployment("with-bad-hook"))
    assert seen.verdict.words == "Job migrate-badly failed once: The app crashed at start, exit 1"
    assert HookProgress("Job", "migrate-badly", "failed", 1) in seen.events


async def deployed(releases: Releases, name: str, *items: Object) -> Followed:
    """A release that Helm makes, followed to its end."""
    return await releases.place.followed(lambda: releases.upgrade(name, *items), *items)


async def evict(place: Place, app: str) -> str:
    """As a node does that is short of memory; returns the pod's name."""
    pod = await place.until("v1", "Pod", is_ready, labels=f"app={app}")
    message = "The node was low on resource: memory. "
    await place.status(pod, {"phase": "Failed", "reason": "Evicted", "message": message})
    return str(pod["metadata"]["name"])


async def nothing() -> None:
    """No change."""


def named(kind: str) -> Object:
    return {"serviceName": "it"} if kind == "StatefulSet" else {}


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def has_succeeded(found: Object) -> bool:
    return bool((found.get("status") or {}).get("succeeded"))
