"""Owners and dependents, Services and their endpoints, claims and disks; and the loop that keeps it all going."""

import asyncio
import contextlib

from structlog.testing import capture_logs

from bot.sandbox.kubernetes.controllers import Controllers, Pace
from bot.sandbox.kubernetes.storage import Object
from tests.sandbox_kubernetes_controllers.conftest import World, living


async def test_what_an_owner_leaves_behind_goes_too(world: World) -> None:
    world.deployment(replicas=2)
    await world.advance(4)
    world.delete("apps", "deployments", "web")
    await world.advance(2)
    assert world.pods() == []
    assert world.storage.list("apps", "replicasets") == []


async def test_a_foreground_deletion_waits_for_the_dependents(world: World) -> None:
    world.deployment()
    await world.advance(4)
    world.delete("apps", "deployments", "web", finalizer="foregroundDeletion")
    await world.advance(0.2)
    assert world.storage.list("apps", "deployments")
    assert world.pod()["metadata"]["deletionTimestamp"]
    await world.advance(2)
    assert (
        world.pods()
        == world.storage.list("apps", "replicasets")
        == world.storage.list("apps", "deployments")
        == []
    )


async def test_an_orphaning_deletion_leaves_the_dependents_alone(world: World) -> None:
    world.deployment()
    await world.advance(4)
    world.delete("apps", "deployments", "web", finalizer="orphan")
    await world.advance(2)
    assert world.storage.list("apps", "deployments") == []
    (left,) = world.storage.list("apps", "replicasets")
    assert "ownerReferences" not in left["metadata"]
    assert world.pod()["status"]["phase"] == "Running"


async def test_what_was_left_alone_is_taken_over_by_the_next_owner(world: World) -> None:
    world.deployment(replicas=2)
    await world.advance(4)
    before = {pod["metadata"]["uid"] for pod in world.pods()}
    world.delete("apps", "deployments", "web", finalizer="orphan")
    await world.advance(1)
    web = world.deployment(replicas=2)
    await world.advance(4)
    assert {pod["metadata"]["uid"] for pod in world.pods()} == before
    (found,) = world.storage.list("apps", "replicasets")
    assert found["metadata"]["ownerReferences"][0]["uid"] == web["metadata"]["uid"]


def addresses(world: World, *, ready: bool) -> set[str]:
    (found,) = world.storage.list("discovery.k8s.io", "endpointslices")
    return {e["addresses"][0] for e in found["endpoints"] if e["conditions"]["ready"] is ready}


async def test_a_service_points_at_its_ready_pods(world: World) -> None:
    ports = [{"port": 80, "targetPort": "http"}]
    world.create("", "services", "Service", "web", {"spec": {"selector": {"app": "web"}, "ports": ports}})
    world.deployment(replicas=2, app={"ports": [{"name": "http", "containerPort": 8080}]})
    await world.advance(1)
    assert addresses(world, ready=True) == set()
    await world.advance(4)
    assert addresses(world, ready=True) == {pod["status"]["podIP"] for pod in world.pods()}
    assert len(addresses(world, ready=True)) == 2
    (found,) = world.storage.list("discovery.k8s.io", "endpointslices")
    assert found["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    world.delete("", "services", "web")
    await world.advance(1)
    assert world.storage.list("discovery.k8s.io", "endpointslices") == []


async def test_a_claim_is_bound_at_once_and_its_disk_goes_with_it(world: World) -> None:
    world.create("", "persistentvolumeclaims", "PersistentVolumeClaim", "data", {"spec": {}})
    await world.advance(0)
    claim = world.get("", "persistentvolumeclaims", "data")
    assert claim["status"]["phase"] == "Bound"
    assert claim["spec"]["storageClassName"] == "standard"
    assert world.get("", "persistentvolumes", claim["spec"]["volumeName"], namespace="")
    world.delete("", "persistentvolumeclaims", "data")
    await world.advance(0)
    assert world.storage.list("", "persistentvolumes") == []


async def test_a_claim_of_an_unknown_class_waits_and_holds_its_pod_up(world: World) -> None:
    spec = {"storageClassName": "fast"}
    world.create("", "persistentvolumeclaims", "PersistentVolumeClaim", "data", {"spec": spec})
    world.deployment(pod={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]})
    await world.advance(2)
    (event,) = world.events("ProvisioningFailed")
    assert event["message"] == 'storageclass.storage.k8s.io "fast" not found'
    assert world.get("", "persistentvolumeclaims", "data")["status"]["phase"] == "Pending"
    assert (
        "pod has unbound immediate PersistentVolumeClaims" in world.events("FailedScheduling")[0]["message"]
    )
    world.create("storage.k8s.io", "storageclasses", "StorageClass", "fast", {}, namespace="")
    await world.advance(4)
    assert world.pod()["status"]["phase"] == "Running"


async def test_events_are_forgotten_after_an_hour(world: World) -> None:
    world.deployment()
    await world.advance(5)
    old = {event["metadata"]["name"] for event in world.storage.list("", "events")}
    await world.advance(3700)
    world.deployment("other", replicas=1)
    await world.advance(5)
    assert old.isdisjoint(event["metadata"]["name"] for event in world.storage.list("", "events"))


async def test_nothing_new_comes_into_a_namespace_that_is_being_deleted(world: World) -> None:
    world.deployment()
    await world.advance(4)
    world.delete("", "namespaces", "shop", finalizer="kubernetes")
    before = {event["metadata"]["name"] for event in world.storage.list("", "events")}
    world.delete("", "pods", world.pod()["metadata"]["name"])
    await world.advance(5)
    assert world.pods() == []
    assert {event["metadata"]["name"] for event in world.storage.list("", "events")} == before


async def test_everything_may_happen_at_once() -> None:
    made = World()
    async with living(made, Pace.instant()):
        made.deployment(replicas=3)
        made.job()
        await made.settle()
        assert made.get("apps", "deployments", "web")["status"]["readyReplicas"] == 3
        assert made.get("batch", "jobs", "migrate")["status"]["succeeded"] == 1


async def test_what_was_stored_before_the_controllers_started_is_looked_after() -> None:
    made = World()
    made.deployment()
    async with living(made):
        await made.advance(5)
        assert made.get("apps", "deployments", "web")["status"]["readyReplicas"] == 1


async def test_an_object_that_makes_no_sense_harms_no_other() -> None:
    made = World()
    async with Controllers(made.storage, made.logs, clock=made.clock) as made.controllers:
        with capture_logs() as logged:
            made.create("apps", "deployments", "Deployment", "bad", {"spec": {"replicas": "many"}})
            made.create("", "pods", "Pod", "empty", {})
            made.create("", "services", "Service", "empty", {})
            made.deployment()
            await made.advance(5)
        assert made.get("apps", "deployments", "web")["status"]["readyReplicas"] == 1
    failures = [entry for entry in logged if entry["event"] == "reconcile failed"]
    assert {entry["name"] for entry in failures} == {"bad", "empty"}
    assert len(failures) > 1  # it is tried again


async def test_five_hundred_pods_come_up_while_others_have_their_turn() -> None:
    made = World()
    async with living(made):
        for name in ("node-a", "node-b", "node-c", "node-d"):
            body: Object = {
                "spec": {},
                "status": {"allocatable": {"pods": "250", "cpu": "100", "memory": "1Ti"}},
            }
            made.create("", "nodes", "Node", name, body, namespace="")
        made.deployment(replicas=500)
        at_once = asyncio.create_task(most_at_once(made))
        await made.advance(10)
        at_once.cancel()
        assert made.get("apps", "deployments", "web")["status"]["readyReplicas"] == 500
    assert await at_once < 100


async def most_at_once(made: World) -> int:
    """The most writes that were done before others had their turn, until it is cancelled."""
    most, before = 0, made.storage.version
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(0)
            most, before = max(most, made.storage.version - before), made.storage.version
    return most
