"""Jobs, StatefulSets and DaemonSets do what their names promise."""

from typing import Any

import pytest

from bot.sandbox.kubernetes.behaviour import Behaviour
from bot.sandbox.kubernetes.storage import Object
from tests.sandbox_kubernetes_controllers.conftest import World, workload


def conditions(world: World) -> dict[str, Object]:
    job = world.get("batch", "jobs", "migrate")
    return {c["type"]: c for c in job["status"].get("conditions", ()) if c["status"] == "True"}


async def test_a_job_completes(world: World) -> None:
    world.job()
    await world.advance(4)
    job = world.get("batch", "jobs", "migrate")
    assert list(conditions(world)) == ["SuccessCriteriaMet", "Complete"]
    assert job["status"]["succeeded"] == 1
    assert job["status"]["startTime"] < job["status"]["completionTime"]
    pod = world.pod()
    assert pod["status"]["phase"] == "Succeeded"
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] == "Completed"
    assert pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == "migrate"
    assert world.logs.read("shop", pod["metadata"]["uid"], "task")[-1].text == "INFO  done"


async def test_a_job_runs_as_many_pods_as_asked_and_no_more_at_once(world: World) -> None:
    world.job(completions=5, parallelism=2)
    for _ in range(80):
        await world.advance(0.25)
        assert len([p for p in world.pods() if p["status"]["phase"] in ("Pending", "Running")]) <= 2
    assert world.get("batch", "jobs", "migrate")["status"]["succeeded"] == 5
    assert "Complete" in conditions(world)


async def test_a_job_gives_up_after_its_back_off_limit(world: World) -> None:
    world.behaviours["shop/web:1"] = "crash"
    world.job(backoffLimit=1)
    await world.advance(30)
    failed = conditions(world)["Failed"]
    assert failed["reason"] == "BackoffLimitExceeded"
    assert failed["message"] == "Job has reached the specified backoff limit"
    assert world.get("batch", "jobs", "migrate")["status"]["failed"] == 2
    assert world.events("BackoffLimitExceeded")


async def test_a_job_whose_pods_restart_counts_their_restarts(world: World) -> None:
    world.behaviours["shop/web:1"] = "crash"
    world.job(backoffLimit=1, pod={"restartPolicy": "OnFailure"})
    await world.advance(60)
    assert conditions(world)["Failed"]["reason"] == "BackoffLimitExceeded"


async def test_a_job_that_takes_too_long_is_ended(world: World) -> None:
    world.behaviours["shop/web:1"] = "slow"
    world.job(activeDeadlineSeconds=10)
    await world.advance(15)
    assert conditions(world)["Failed"]["reason"] == "DeadlineExceeded"
    assert world.pods() == []


async def test_a_finished_job_goes_after_its_time_with_its_pods(world: World) -> None:
    world.job(ttlSecondsAfterFinished=30)
    await world.advance(20)
    assert len(world.pods()) == 1
    await world.advance(20)
    assert world.storage.list("batch", "jobs") == []
    assert world.pods() == []


async def test_a_suspended_job_waits_until_it_is_resumed(world: World) -> None:
    world.job(suspend=True)
    await world.advance(5)
    assert world.pods() == []
    assert list(conditions(world)) == ["Suspended"]
    world.change("batch", "jobs", "migrate", lambda obj: obj["spec"].update(suspend=False))
    await world.advance(5)
    assert list(conditions(world)) == ["SuccessCriteriaMet", "Complete"]


@pytest.mark.parametrize(
    ("behaviour", "phase"), [("ok", "Succeeded"), ("crash", "Failed"), ("oom", "Failed")]
)
async def test_a_pod_of_its_own_runs_to_its_end(world: World, behaviour: Behaviour, phase: str) -> None:
    world.behaviours["shop/test:1"] = behaviour
    spec = {"restartPolicy": "Never", "containers": [{"name": "test", "image": "shop/test:1"}]}
    world.create("", "pods", "Pod", "probe", {"spec": spec, "status": {"phase": "Pending"}})
    await world.advance(4)
    assert world.get("", "pods", "probe")["status"]["phase"] == phase


def stateful(world: World, **spec: Any) -> None:
    body = workload("db", "shop/db:1", serviceName="db", **spec)
    world.create("apps", "statefulsets", "StatefulSet", "db", {"spec": body})


def set_image(image: str) -> Any:
    def edit(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return edit


def images(world: World) -> dict[str, str]:
    return {p["metadata"]["name"]: p["spec"]["containers"][0]["image"] for p in world.pods()}


async def test_a_stateful_set_starts_one_after_the_other_with_disks(world: World) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    stateful(world, replicas=3, volumeClaimTemplates=[claim])
    await world.advance(3)
    assert set(images(world)) == {"db-0", "db-1"}
    await world.advance(9)
    assert set(images(world)) == {"db-0", "db-1", "db-2"}
    status = world.get("apps", "statefulsets", "db")["status"]
    assert status["readyReplicas"] == status["currentReplicas"] == status["updatedReplicas"] == 3
    assert status["currentRevision"] == status["updateRevision"]
    assert world.get("", "persistentvolumeclaims", "data-db-2")["status"]["phase"] == "Bound"
    assert len(world.storage.list("apps", "controllerrevisions")) == 1


async def test_a_stateful_set_updates_from_the_last_to_the_first(world: World) -> None:
    stateful(world, replicas=2)
    await world.advance(8)
    world.change("apps", "statefulsets", "db", set_image("shop/db:2"))
    await world.advance(3)
    assert images(world) == {"db-0": "shop/db:1", "db-1": "shop/db:2"}
    await world.advance(6)
    assert images(world) == {"db-0": "shop/db:2", "db-1": "shop/db:2"}
    status = world.get("apps", "statefulsets", "db")["status"]
    assert status["currentRevision"] == status["updateRevision"]


async def test_a_stateful_set_is_stuck_on_a_bad_pod_until_that_is_deleted(world: World) -> None:
    stateful(world, replicas=2)
    await world.advance(8)
    world.behaviours["shop/db:2"] = "crash"
    world.change("apps", "statefulsets", "db", set_image("shop/db:2"))
    await world.advance(20)
    status = world.get("apps", "statefulsets", "db")["status"]
    assert status["currentRevision"] != status["updateRevision"]
    assert images(world) == {"db-0": "shop/db:1", "db-1": "shop/db:2"}
    world.change("apps", "statefulsets", "db", set_image("shop/db:1"))
    await world.advance(20)
    assert images(world)["db-1"] == "shop/db:2"
    world.delete("", "pods", "db-1")
    await world.advance(8)
    assert images(world) == {"db-0": "shop/db:1", "db-1": "shop/db:1"}
    assert world.get("apps", "statefulsets", "db")["status"]["readyReplicas"] == 2


async def test_a_partition_keeps_the_lower_numbers_as_they_are(world: World) -> None:
    stateful(world, replicas=2, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}})
    await world.advance(8)
    world.change("apps", "statefulsets", "db", set_image("shop/db:2"))
    await world.advance(12)
    assert images(world) == {"db-0": "shop/db:1", "db-1": "shop/db:2"}
    world.delete("", "pods", "db-0")
    await world.advance(6)
    assert images(world)["db-0"] == "shop/db:1"


async def test_a_daemon_set_runs_on_every_node_and_updates_one_by_one(world: World) -> None:
    body = workload("agent", "agent:1")
    world.create("apps", "daemonsets", "DaemonSet", "agent", {"spec": body})
    await world.advance(4)
    status = world.get("apps", "daemonsets", "agent")["status"]
    assert status["desiredNumberScheduled"] == status["numberReady"] == status["updatedNumberScheduled"] == 3
    assert {p["spec"]["nodeName"] for p in world.pods()} == {"worker-1", "worker-2", "worker-3"}
    world.change("apps", "daemonsets", "agent", set_image("agent:2"))
    for _ in range(40):
        await world.advance(0.25)
        ready = [p for p in world.pods() if "deletionTimestamp" not in p["metadata"] and is_ready(p)]
        assert ready
    assert set(images(world).values()) == {"agent:2"}
    status = world.get("apps", "daemonsets", "agent")["status"]
    assert status["numberAvailable"] == status["updatedNumberScheduled"] == 3
    assert status["observedGeneration"] == 2


def is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
