"""Deployments come up, change over, and say how far they are."""

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
    assert {pod["spec"]["nodeName"] for pod in world.pods()} == {"worker-1", "worker-2"}


async def test_a_job_completes(world: World) -> None:
    world.job()
    await world.advance(4)
    job = world.get("batch", "jobs", "migrate")
    assert [c["type"] for c in job["status"]["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert job["status"]["succeeded"] == 1
