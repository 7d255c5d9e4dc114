"""What following a namespace costs in memory: run as a process of its own, prints megabytes.

`python -m bench.watching KUBECONFIG NAMESPACE DEPLOYMENT...`
"""

import asyncio
import gc
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.access import ClusterAccess
from bot.clock import SystemClock
from bot.cluster import Cluster
from bot.rollout import Follower, ObjectRef, Rules


def resident() -> float:
    """Megabytes of this process that no other process shares."""
    fields = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    private = [int(line.split()[1]) for line in fields if line.startswith("Private_")]
    return sum(private) / 1024


async def main(kubeconfig: str, namespace: str, names: list[str]) -> None:
    """Follow these Deployments once, and say how much memory that took."""
    objects = [ObjectRef("apps/v1", "Deployment", name) for name in names]
    async with Cluster(ClusterAccess(Path(kubeconfig))) as cluster:
        await cluster.list("v1", "Node")
        gc.collect()
        before = resident()
        now = datetime.now(UTC)
        async with Follower(cluster, namespace, objects, rules=Rules(), since=now, clock=SystemClock()):
            gc.collect()
            print(resident() - before)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
