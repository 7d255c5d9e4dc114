"""Deployments come up, change over, and say how far they are."""

from collections.abc import Callable
from functools import partial
from typing import Any

from bot.sandbox.kubernetes.storage import Object
from tests.sandbox_kubernetes_controllers.conftest import World


def condition(obj: Object, kind: str) -> Object:
    return next(c for c in obj["status"]["conditions"] if c["type"] == kind)


async def test_its_pods_are_ready_within_three_seconds(world: World) -> None:
    world.deployment(replicas=3)
    await world.advance(3)
    web = world.get("apps", "deployments", "web")
    assert web["status"]["readyReplicas"] == web["status"]["availableReplicas"] == 3
    assert web["status"]["updatedReplicas"] == web["status"]["replicas"] == 3
    assert "unavailableReplicas" not in web["status"]
    assert web["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert condition(web, "Available")["status"] == "True"
    assert condition(web, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert {pod["spec"]["nodeName"] for pod in world.pods()} == {"worker-1", "worker-2", "worker-3"}


async def ready(world: World, **spec: Any) -> None:
    world.deployment(**spec)
    await world.advance(5)


def set_image(image: str) -> Callable[[Object], None]:
    def edit(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return edit


def set_size(size: int, obj: Object) -> None:
    obj["spec"]["replicas"] = size


def progress(world: World) -> Object:
    return condition(world.get("apps", "deployments", "web"), "Progressing")


async def test_a_new_image_takes_over_without_losing_a_ready_pod(world: World) -> None:
    await ready(world, replicas=4)
    world.change("apps", "deployments", "web", set_image("shop/web:2"))
    least = most = 4
    for _ in range(60):
        await world.advance(0.25)
        pods = [p for p in world.pods() if "deletionTimestamp" not in p["metadata"]]
        most = max(most, len(pods))
        least = min(
            least, sum(condition(p, "Ready")["status"] == "True" for p in pods if len(p["status"]) > 2)
        )
    assert {p["spec"]["containers"][0]["image"] for p in world.pods()} == {"shop/web:2"}
    assert least == 3  # maxUnavailable 25 %
    assert most == 5  # maxSurge 25 %
    web = world.get("apps", "deployments", "web")
    assert web["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    assert web["status"]["observedGeneration"] == 2
    assert progress(world)["reason"] == "NewReplicaSetAvailable"
    words = {event["message"] for event in world.events("ScalingReplicaSet")}
    assert any("Scaled up replica set web-" in text and text.endswith("from 0 to 4") for text in words)


async def test_going_back_reuses_the_old_replica_set_with_a_new_revision(world: World) -> None:
    await ready(world)
    for image in ("shop/web:2", "shop/web:1"):
        world.change("apps", "deployments", "web", set_image(image))
        await world.advance(8)
    first, second = sorted(
        world.storage.list("apps", "replicasets", "shop"), key=lambda s: s["spec"]["replicas"], reverse=True
    )
    marks = first["metadata"]["annotations"]
    assert marks["deployment.kubernetes.io/revision"] == "3"
    assert marks["deployment.kubernetes.io/revision-history"] == "1"
    assert second["spec"]["replicas"] == 0
    assert progress(world)["reason"] == "NewReplicaSetAvailable"


async def test_a_stuck_rollout_passes_its_deadline_and_keeps_the_old_pods(world: World) -> None:
    await ready(world, replicas=2, progressDeadlineSeconds=30)
    world.behaviours["shop/web:2"] = "crash"
    world.change("apps", "deployments", "web", set_image("shop/web:2"))
    await world.advance(20)
    assert progress(world)["reason"] == "ReplicaSetUpdated"
    await world.advance(20)
    held = progress(world)
    assert (held["status"], held["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert held["message"].endswith("has timed out progressing.")
    web = world.get("apps", "deployments", "web")
    assert web["status"]["availableReplicas"] == 2
    assert web["status"]["unavailableReplicas"] == 1


async def test_what_follows_a_bad_revision_replaces_its_pods_first(world: World) -> None:
    await ready(world, replicas=4)
    world.behaviours["shop/web:2"] = "broken"
    world.change("apps", "deployments", "web", set_image("shop/web:2"))
    await world.advance(20)
    assert sum(p["spec"]["containers"][0]["image"] == "shop/web:2" for p in world.pods()) == 2
    world.change("apps", "deployments", "web", set_image("shop/web:3"))
    await world.advance(1)
    assert "shop/web:2" not in {p["spec"]["containers"][0]["image"] for p in world.pods()}
    await world.advance(15)
    assert {p["spec"]["containers"][0]["image"] for p in world.pods()} == {"shop/web:3"}
    assert progress(world)["reason"] == "NewReplicaSetAvailable"


async def test_recreate_ends_the_old_pods_before_it_starts_new_ones(world: World) -> None:
    await ready(world, replicas=2, strategy={"type": "Recreate"})
    world.change("apps", "deployments", "web", set_image("shop/web:2"))
    for _ in range(40):
        await world.advance(0.25)
        assert len({p["spec"]["containers"][0]["image"] for p in world.pods()}) < 2
    assert [p["spec"]["containers"][0]["image"] for p in world.pods()] == ["shop/web:2"] * 2


async def test_a_paused_deployment_does_not_roll_out_but_scales(world: World) -> None:
    await ready(world)

    def pause(obj: Object) -> None:
        obj["spec"].update(paused=True, replicas=2)
        set_image("shop/web:2")(obj)

    world.change("apps", "deployments", "web", pause)
    await world.advance(5)
    assert [p["spec"]["containers"][0]["image"] for p in world.pods()] == ["shop/web:1"]
    assert progress(world)["reason"] == "DeploymentPaused"


async def test_it_scales_up_and_down(world: World) -> None:
    await ready(world, replicas=1)
    for size in (5, 2, 0):
        world.change("apps", "deployments", "web", partial(set_size, size))
        await world.advance(5)
        assert len(world.pods()) == size
    assert world.get("apps", "deployments", "web")["status"].get("replicas", 0) == 0


async def test_its_replica_set_keeps_its_annotations_and_minimum_ready_time(world: World) -> None:
    await ready(world)

    def mark(obj: Object) -> None:
        obj["metadata"]["annotations"]["kubernetes.io/change-cause"] = "a better greeting"
        obj["spec"]["minReadySeconds"] = 20

    world.change("apps", "deployments", "web", mark)
    await world.advance(1)
    (found,) = world.storage.list("apps", "replicasets")
    assert found["metadata"]["annotations"]["kubernetes.io/change-cause"] == "a better greeting"
    assert "availableReplicas" not in world.get("apps", "deployments", "web")["status"]
    await world.advance(20)
    assert world.get("apps", "deployments", "web")["status"]["availableReplicas"] == 1


async def test_it_forgets_old_replica_sets_beyond_its_limit(world: World) -> None:
    await ready(world, revisionHistoryLimit=1)
    for number in range(2, 6):
        world.change("apps", "deployments", "web", set_image(f"shop/web:{number}"))
        await world.advance(8)
    assert len(world.storage.list("apps", "replicasets", "shop")) == 2


async def test_a_quota_that_is_used_up_shows_on_the_deployment_and_heals(world: World) -> None:
    world.create("", "resourcequotas", "ResourceQuota", "small", {"spec": {"hard": {"pods": "1"}}})
    await ready(world, replicas=2)
    failure = condition(world.get("apps", "deployments", "web"), "ReplicaFailure")
    assert failure["reason"] == "FailedCreate"
    assert "exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1" in failure["message"]
    assert world.events("FailedCreate")[0]["message"].startswith("Error creating: pods")
    assert world.get("", "resourcequotas", "small")["status"]["used"] == {"pods": "1"}
    world.change("", "resourcequotas", "small", lambda obj: obj["spec"]["hard"].update(pods="5"))
    await world.advance(6)
    web = world.get("apps", "deployments", "web")
    assert web["status"]["readyReplicas"] == 2
    assert "ReplicaFailure" not in [c["type"] for c in web["status"]["conditions"]]
