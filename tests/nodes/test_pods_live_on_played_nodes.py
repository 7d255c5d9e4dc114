"""On a real control plane, pods of played nodes start, fail, end and are removed as a kubelet would have it."""

import asyncio

from tests.nodes.conftest import Kubectl, template, workload


async def test_a_deployment_becomes_ready(kubectl: Kubectl) -> None:
    await kubectl.apply("Deployment", "web", workload("shop/web:1", replicas=3), "apps/v1")
    assert "successfully rolled out" in await kubectl("rollout", "status", "deployment/web")
    pods = await kubectl.get("pods")
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 3
    assert len({pod["status"]["podIP"] for pod in pods}) == 3


async def test_a_burst_of_pods_is_dealt_with(kubectl: Kubectl) -> None:
    await kubectl.apply("Deployment", "web", workload("shop/web:1", replicas=150), "apps/v1")
    await kubectl("rollout", "status", "deployment/web")
    await kubectl("delete", "deployment/web", "--cascade=foreground")
    assert await kubectl.get("pods") == []


async def test_what_containers_write_is_read_through_the_api_server(kubectl: Kubectl) -> None:
    await kubectl.apply("Deployment", "web", workload("shop/web:1"), "apps/v1")
    await kubectl("rollout", "status", "deployment/web")
    assert (await kubectl("logs", "deployment/web")).startswith("INFO  starting web 1\n")
    assert await kubectl("logs", "deployment/web", "--tail=1") == 'INFO  "GET /healthz HTTP/1.1" 200\n'
    assert await kubectl("logs", "deployment/web", "--limit-bytes=14") == "INFO  starting"
    assert await kubectl("logs", "deployment/web", "--since-time=2200-01-01T00:00:00Z") == ""
    (line,) = (await kubectl("logs", "deployment/web", "--tail=1", "--timestamps")).splitlines()
    assert line.partition(" ")[0].endswith("Z")


async def test_a_log_that_is_followed_ends_with_its_container(kubectl: Kubectl) -> None:
    await kubectl.apply("Pod", "task", template("shop/task:1", restartPolicy="Never")["spec"])
    await kubectl.until("pod/task", ".status.containerStatuses[0].containerID")
    assert (await kubectl("logs", "--follow", "pod/task")).endswith("INFO  done\n")


async def test_a_pod_that_never_started_has_no_log_and_says_why(kubectl: Kubectl) -> None:
    await kubectl.apply("Pod", "web", template("shop/web:1-missing")["spec"])
    await kubectl.until("pod/web", ".status.containerStatuses[0].state.waiting.reason", "ImagePullBackOff")
    words = await kubectl("logs", "pod/web", code=1)
    assert 'container "app" in pod "web" is waiting to start: trying and failing to pull image' in words
    events = [event["message"] for event in await kubectl.get("events")]
    assert 'Back-off pulling image "shop/web:1-missing"' in events


async def test_a_crashing_pod_is_started_again_and_its_log_before_is_kept(kubectl: Kubectl) -> None:
    await kubectl.apply("Pod", "web", template("shop/web:1-crash")["spec"])
    await kubectl.until("pod/web", ".status.containerStatuses[0].state.waiting.reason", "CrashLoopBackOff")
    (status,) = (await kubectl.get("pod/web"))["status"]["containerStatuses"]
    assert status["restartCount"] >= 1
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert "KeyError: 'DATABASE_URL'" in await kubectl("logs", "pod/web", "--previous")


async def test_a_pod_waits_for_its_secret_and_starts_when_it_comes(kubectl: Kubectl) -> None:
    source = {"envFrom": [{"secretRef": {"name": "late"}}]}
    await kubectl.apply("Pod", "web", template("shop/web:1", app=source)["spec"])
    reason = ".status.containerStatuses[0].state.waiting.reason"
    await kubectl.until("pod/web", reason, "CreateContainerConfigError")
    await kubectl("create", "secret", "generic", "late", "--from-literal=key=value")
    await kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=300s")


async def test_a_job_with_a_sidecar_ends(kubectl: Kubectl) -> None:
    sidecar = {"name": "side", "image": "shop/side:1", "restartPolicy": "Always"}
    spec = template("shop/task:1", restartPolicy="Never", initContainers=[sidecar])
    await kubectl.apply("Job", "task", {"template": {"spec": spec["spec"]}}, "batch/v1")
    await kubectl("wait", "--for=condition=Complete", "job/task", "--timeout=300s")
    (pod,) = await kubectl.get("pods")
    assert pod["status"]["phase"] == "Succeeded"


async def test_a_job_whose_pods_crash_fails(kubectl: Kubectl) -> None:
    spec = template("shop/task:1-crash", restartPolicy="Never")["spec"]
    await kubectl.apply("Job", "task", {"backoffLimit": 0, "template": {"spec": spec}}, "batch/v1")
    await kubectl("wait", "--for=condition=Failed", "job/task", "--timeout=300s")


async def test_a_task_that_is_stopped_in_the_middle_has_not_done_its_work(kubectl: Kubectl) -> None:
    spec = template("shop/task:1-slow", restartPolicy="Never")["spec"]
    await kubectl.apply("Job", "task", {"template": {"spec": spec}}, "batch/v1")
    await kubectl.until("job/task", ".status.active", "1")
    (pod,) = await kubectl.get("pods")
    name = f"pod/{pod['metadata']['name']}"
    await kubectl.until(name, ".status.phase", "Running")
    await kubectl("delete", name, "--wait=false")
    await kubectl.until("job/task", ".status.failed", "1")
    assert "succeeded" not in (await kubectl.get("job/task"))["status"]


async def test_a_daemon_set_has_a_pod_on_each_node(kubectl: Kubectl) -> None:
    await kubectl.apply("DaemonSet", "agent", workload("shop/agent:1"), "apps/v1")
    await kubectl("rollout", "status", "daemonset/agent")
    nodes = {pod["spec"]["nodeName"] for pod in await kubectl.get("pods")}
    assert nodes == {"worker-1", "worker-2"}


async def test_a_stateful_set_gets_its_disks_and_a_disk_goes_with_its_claim(kubectl: Kubectl) -> None:
    disks = [
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
    ]
    spec = {**workload("shop/db:1", replicas=2), "serviceName": "db", "volumeClaimTemplates": disks}
    await kubectl.apply("StatefulSet", "db", spec, "apps/v1")
    await kubectl("rollout", "status", "statefulset/db")
    claims = await kubectl.get("pvc")
    assert [claim["status"]["phase"] for claim in claims] == ["Bound"] * 2
    volumes = [f"pv/{claim['spec']['volumeName']}" for claim in claims]
    await kubectl("delete", "statefulset/db")
    await kubectl("delete", "pvc", "--all", "--wait=false")
    await asyncio.gather(*(kubectl("wait", "--for=delete", volume, "--timeout=300s") for volume in volumes))


async def test_a_deleted_pod_is_gone_and_another_one_takes_its_place(kubectl: Kubectl) -> None:
    await kubectl.apply("StatefulSet", "db", {**workload("shop/db:1"), "serviceName": "db"}, "apps/v1")
    await kubectl("rollout", "status", "statefulset/db")
    before = (await kubectl.get("pod/db-0"))["metadata"]["uid"]
    await kubectl("delete", "pod/db-0")
    await kubectl("rollout", "status", "statefulset/db")
    assert (await kubectl.get("pod/db-0"))["metadata"]["uid"] != before
