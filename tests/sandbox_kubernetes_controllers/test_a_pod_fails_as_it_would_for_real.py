"""What goes wrong with pods, in the fields, reasons and words by which a person or a bot finds the cause."""

from collections import Counter
from typing import Any

import pytest

from bot.sandbox.kubernetes.storage import Object
from tests.sandbox_kubernetes_controllers.conftest import World


def container(world: World) -> Object:
    found: Object = world.pod()["status"]["containerStatuses"][0]
    return found


def condition(obj: Object, kind: str) -> Object:
    return next(c for c in obj["status"]["conditions"] if c["type"] == kind)


def lines(world: World, *, previous: bool = False) -> list[str]:
    metadata = world.pod()["metadata"]
    found = world.logs.read("shop", metadata["uid"], "app", previous=previous)
    return [line.text for line in found]


async def test_a_crash_loops_with_growing_waits_and_its_last_words(world: World) -> None:
    world.behaviours["shop/web:1"] = "crash"
    world.deployment()
    await world.advance(6)
    status = container(world)
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["state"]["waiting"]["message"].startswith(
        "back-off 10s restarting failed container=app pod=web-"
    )
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert status["lastState"]["terminated"]["reason"] == "Error"
    assert status["restartCount"] == 1
    assert lines(world)[-1] == lines(world, previous=True)[-1] == "KeyError: 'DATABASE_URL'"
    await world.advance(40)
    assert container(world)["restartCount"] == 3
    assert container(world)["state"]["waiting"]["message"].startswith("back-off 40s")
    assert world.pod()["status"]["phase"] == "Running"
    assert condition(world.pod(), "Ready")["message"] == "containers with unready status: [app]"
    (event,) = world.events("BackOff")
    assert event["message"].startswith("Back-off restarting failed container app in pod web-")
    assert event["count"] == 3
    assert event["type"] == "Warning"
    assert event["involvedObject"]["fieldPath"] == "spec.containers{app}"
    assert event["source"] == {"component": "kubelet", "host": world.pod()["spec"]["nodeName"]}


async def test_running_out_of_memory_is_named(world: World) -> None:
    world.behaviours["shop/web:1"] = "oom"
    world.deployment()
    await world.advance(6)
    ended = container(world)["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


async def test_an_image_that_is_missing_is_not_found(world: World) -> None:
    world.missing.add("shop/web:1")
    world.deployment()
    await world.advance(0.9)
    waiting = container(world)["state"]["waiting"]
    full = "docker.io/shop/web:1"
    assert waiting["reason"] == "ErrImagePull"
    assert (
        f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": {full}: not found'
        in waiting["message"]
    )
    await world.advance(2)
    waiting = container(world)["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith('Back-off pulling image "shop/web:1": ErrImagePull: ')
    assert {"Error: ErrImagePull", "Error: ImagePullBackOff"} < {e["message"] for e in world.events("Failed")}
    assert world.pod()["status"]["phase"] == "Pending"
    world.missing.clear()
    await world.advance(30)
    assert container(world)["ready"]


async def test_an_image_that_the_registry_refuses_is_unauthorized(world: World) -> None:
    world.behaviours["registry.test:5000/shop/web:1"] = "broken"
    world.deployment(image="registry.test:5000/shop/web:1")
    await world.advance(3)
    assert "401 Unauthorized" in container(world)["state"]["waiting"]["message"]


@pytest.mark.parametrize(
    ("image", "policy", "reason"),
    [("Shop:::1", "Always", "InvalidImageName"), ("shop/web:1", "Never", "ErrImageNeverPull")],
)
async def test_an_image_that_is_not_even_asked_for(
    world: World, image: str, policy: str, reason: str
) -> None:
    world.deployment(image=image, app={"imagePullPolicy": policy})
    await world.advance(3)
    assert container(world)["state"]["waiting"]["reason"] == reason


async def test_a_missing_secret_in_the_environment_stops_the_container_until_it_is_there(
    world: World,
) -> None:
    reference = {"secretKeyRef": {"name": "db", "key": "url"}}
    world.deployment(app={"env": [{"name": "URL", "valueFrom": reference}]})
    await world.advance(3)
    waiting = container(world)["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'secret "db" not found'}
    world.create("", "secrets", "Secret", "db", {"data": {"other": ""}})
    await world.advance(0.1)
    assert container(world)["state"]["waiting"]["message"] == "couldn't find key url in Secret shop/db"
    world.change("", "secrets", "db", lambda obj: obj["data"].update(url=""))
    await world.advance(3)
    assert container(world)["ready"]


async def test_a_missing_config_map_in_a_volume_is_not_mounted(world: World) -> None:
    world.deployment(pod={"volumes": [{"name": "conf", "configMap": {"name": "web"}}]})
    await world.advance(3)
    assert container(world)["state"]["waiting"] == {"reason": "ContainerCreating"}
    (event,) = world.events("FailedMount")
    assert event["message"] == 'MountVolume.SetUp failed for volume "conf" : configmap "web" not found'
    world.create("", "configmaps", "ConfigMap", "web", {"data": {}})
    await world.advance(5)
    assert container(world)["ready"]


async def test_a_slow_application_fails_its_readiness_probe_for_a_minute(world: World) -> None:
    world.behaviours["shop/web:1"] = "slow"
    world.deployment(app={"readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}}})
    await world.advance(45)
    (event,) = world.events("Unhealthy")
    assert event["message"].startswith('Readiness probe failed: Get "http://10.244.')
    assert event["count"] == 4
    assert "running" in container(world)["state"]
    assert not container(world)["ready"]
    await world.advance(20)
    assert container(world)["ready"]


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HOST = "kubernetes.io/hostname"
NOBODY = {"matchLabels": {"app": "nobody"}}
SPREAD = {
    "maxSkew": 1,
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"app": "web"}},
}
UNHELPFUL = "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        (
            {"containers": [{"name": "app", "image": "x:1", "resources": {"requests": {"cpu": "64"}}}]},
            f"3 Insufficient cpu. {UNHELPFUL}",
        ),
        (
            {"containers": [{"name": "app", "image": "x:1", "resources": {"limits": {"memory": "1Ti"}}}]},
            "3 Insufficient memory. ",
        ),
        (
            {"nodeSelector": {"disk": "fast"}},
            f"3 node(s) didn't match Pod's node affinity/selector. {UNHELPFUL}",
        ),
        (
            {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "d"}}]},
            'persistentvolumeclaim "d" not found. not found',
        ),
        (
            {
                "containers": [
                    {"name": "app", "image": "x:1", "resources": {"limits": {"example.com/gpu": 1}}}
                ]
            },
            f"3 Insufficient example.com/gpu. {UNHELPFUL}",
        ),
        (
            {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": HOST, "labelSelector": NOBODY}]}}},
            f"3 node(s) didn't match pod affinity rules. {UNHELPFUL}",
        ),
        (
            {"topologySpreadConstraints": [{**SPREAD, "topologyKey": "rack"}]},
            "3 node(s) didn't match pod topology spread constraints (missing required label). " + UNHELPFUL,
        ),
    ],
)
async def test_a_pod_that_fits_nowhere_says_why(world: World, pod: dict[str, Any], words: str) -> None:
    world.deployment(pod=pod)
    await world.advance(2)
    scheduled = condition(world.pod(), "PodScheduled")
    assert (scheduled["status"], scheduled["reason"]) == ("False", "Unschedulable")
    assert scheduled["message"].startswith(f"0/3 nodes are available: {words}")
    (event,) = world.events("FailedScheduling")
    assert event["message"] == scheduled["message"]


async def test_tainted_and_cordoned_nodes_take_no_pods_until_they_are_free_again(world: World) -> None:
    def node(name: str, **spec: Any) -> None:
        world.change_cluster("nodes", name, lambda obj: obj["spec"].update(spec))

    node("worker-1", taints=[{"key": "only", "value": "gpu", "effect": "NoSchedule"}])
    node("worker-2", unschedulable=True)
    node("worker-3", unschedulable=True)
    world.deployment()
    await world.advance(2)
    message = condition(world.pod(), "PodScheduled")["message"]
    assert "1 node(s) had untolerated taint(s), 2 node(s) were unschedulable." in message
    node("worker-2", unschedulable=False)
    await world.advance(3)
    assert world.pod()["spec"]["nodeName"] == "worker-2"
    assert container(world)["ready"]


async def test_replicas_are_spread_over_the_nodes_that_there_are(world: World) -> None:
    world.change_cluster("nodes", "worker-3", lambda obj: obj["spec"].update(unschedulable=True))
    world.deployment(replicas=5, pod={"topologySpreadConstraints": [{**SPREAD, "topologyKey": HOST}]})
    await world.advance(5)
    counts = Counter(pod["spec"].get("nodeName") for pod in world.pods())
    assert counts == {"worker-1": 1, "worker-2": 1, None: 3}
    (event, *_) = world.events("FailedScheduling")
    assert "2 node(s) didn't match pod topology spread constraints" in event["message"]


async def test_pods_that_want_each_other_share_a_node(world: World) -> None:
    term = {"topologyKey": HOST, "labelSelector": {"matchLabels": {"app": "web"}}}
    world.deployment(replicas=3, pod={"affinity": {"podAffinity": {REQUIRED: [term]}}})
    await world.advance(4)
    assert len({pod["spec"]["nodeName"] for pod in world.pods()}) == 1


async def test_pods_that_want_the_same_port_of_a_node_do_not_share_it(world: World) -> None:
    world.deployment(replicas=4, app={"ports": [{"containerPort": 80, "hostPort": 80}]})
    await world.advance(4)
    (event,) = world.events("FailedScheduling")
    assert "3 node(s) didn't have free ports for the requested pod ports" in event["message"]


async def test_a_pod_of_another_scheduler_waits_for_that(world: World) -> None:
    world.deployment(pod={"schedulerName": "volcano"})
    await world.advance(4)
    assert "nodeName" not in world.pod()["spec"]


async def test_replicas_that_may_not_share_a_node_wait_for_another(world: World) -> None:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    world.deployment(replicas=4, pod={"affinity": affinity})
    await world.advance(4)
    (event,) = world.events("FailedScheduling")
    assert "3 node(s) didn't match pod anti-affinity rules" in event["message"]
    assert sum(pod["status"]["phase"] == "Running" for pod in world.pods()) == 3


async def test_an_init_container_that_fails_keeps_the_application_from_starting(world: World) -> None:
    world.behaviours["shop/migrate:1"] = "crash"
    world.deployment(pod={"initContainers": [{"name": "migrate", "image": "shop/migrate:1"}]})
    await world.advance(6)
    status = world.pod()["status"]
    assert status["initContainerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"
    assert status["phase"] == "Pending"
    assert condition(world.pod(), "Initialized")["message"] == "containers with incomplete status: [migrate]"


async def test_init_containers_run_in_order_before_the_application(world: World) -> None:
    inits = [{"name": name, "image": "shop/web:1"} for name in ("one", "two")]
    inits.append({"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"})
    world.deployment(pod={"initContainers": inits})
    await world.advance(12)
    status = world.pod()["status"]
    assert [s["state"].popitem()[0] for s in status["initContainerStatuses"]] == ["terminated"] * 2 + [
        "running"
    ]
    assert container(world)["ready"]
    started = [event["message"] for event in world.events("Started")]
    assert sorted(started) == [f"Started container {name}" for name in ("app", "one", "proxy", "two")]


async def test_a_deleted_pod_ends_gracefully_and_is_replaced(world: World) -> None:
    world.deployment()
    await world.advance(5)
    name = world.pod()["metadata"]["name"]
    world.delete("", "pods", name)
    await world.advance(0.2)
    assert len(world.pods()) == 2
    assert world.events("Killing")[0]["message"] == "Stopping container app"
    await world.advance(5)
    assert world.pod()["metadata"]["name"] != name
    assert container(world)["ready"]
