"""Pods are found by what the release made, whatever labels its chart sets, and with all their containers."""

from pathlib import Path
from typing import Any

from bot.cluster import Cluster, ClusterAccess
from tests.worlds import World, open_bot_world, spaced

CHART = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: door}
spec:
  replicas: 2
  selector: {matchLabels: {run: door}, matchExpressions: [{key: tier, operator: In, values: [front, back]}]}
  template:
    metadata: {labels: {run: door, tier: front}}
    spec:
      initContainers:
        - {name: prepare, image: "registry/prepare:v1"}
      containers:
        - {name: proxy, image: "registry/proxy:v1"}
        - {name: door, image: "registry/door:v1"}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: lock}
spec:
  serviceName: lock
  selector: {matchLabels: {run: lock}}
  template:
    metadata:
      labels: {run: lock}
      annotations: {kubectl.kubernetes.io/default-container: lock}
    spec:
      containers:
        - {name: agent, image: "registry/agent:v1"}
        - {name: lock, image: "registry/lock:v1"}
"""


def chart(folder: Path) -> str:
    """A chart that sets no label of Helm's, and the configuration of its app."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: door\nversion: 1.0.0\n")
    (folder / "templates" / "all.yaml").write_text(CHART)
    return f"apps: {{door: {{chart: {folder}, environments: [staging]}}}}"


async def stranger(world: World, folder: Path) -> None:
    """A pod of somebody else that has the same labels."""
    kubeconfig = folder / "kubeconfig-of-somebody"
    kubeconfig.write_text(world.cluster.kubeconfig())
    pod: dict[str, Any] = {
        "metadata": {"name": "stranger-zzzzz", "labels": {"run": "door", "tier": "front"}},
        "spec": {"containers": [{"name": "door", "image": "registry/door:v1"}]},
    }
    async with Cluster(ClusterAccess(kubeconfig)) as cluster:
        await cluster.create("v1", "Pod", "door-staging", pod)


async def test_pods_are_found_by_their_workloads(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, chart(tmp_path / "door")) as world:
        for image in ("prepare", "proxy", "door", "agent", "lock"):
            world.registry.add(image, "v1")
        world.dana.says("/deploy door staging")
        await world.sees("Plan: door → staging")
        await world.dana.presses("Deploy to staging")
        await world.sees("✅ door → staging")
        await stranger(world, tmp_path)

        world.dana.says("/pods door staging")
        listed = await world.sees("✅ door · staging: 3 pods", buttons=["lock-0", "Refresh"])
        assert spaced(listed.text).count("· door · 2/2") == 2
        assert "lock-0 · lock · 2/2" in spaced(listed.text)
        assert "zzzzz" not in listed.text

        world.dana.says("/logs door staging")
        main = await world.sees("door · pod", buttons=["prepare", "door", "Pods"])
        assert spaced(main.text).splitlines()[1].startswith("proxy · ")
        await world.dana.presses("prepare")
        first = await world.sees("^prepare · ")
        assert "starting prepare v1" in first.text
        world.dana.says("/logs door staging lock")
        assert "\nlock · " in (await world.sees("door · pod lock-0")).text
        world.dana.says("/logs lock-0 agent")
        assert "\nagent · " in (await world.sees("door · pod lock-0")).text
        world.dana.says("/logs door staging lock nobody")
        await world.sees('Pod lock-0 has no container "nobody"\nIt has: agent, lock')

        world.dana.says("/restart door staging")
        plan = await world.sees("Restart: door → staging")
        assert "• door: 2 pods\n• StatefulSet lock: 1 pod\n⚠️ StatefulSet lock is down meanwhile" in spaced(
            plan.text
        )
