"""The pods of the world's cluster, and words put into their mouths."""

from datetime import UTC, datetime
from typing import Any

from tests.worlds import World


def pods(world: World, namespace: str, workload: str) -> list[dict[str, Any]]:
    """The pods of a Deployment, by name; those that end are left out."""
    found = [
        pod
        for pod in world.cluster.storage.list("", "pods", namespace)
        if pod["metadata"]["name"].rsplit("-", 2)[0] == workload
        and pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
        and not pod["metadata"].get("deletionTimestamp")
    ]
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


def short(pod: dict[str, Any]) -> str:
    """The last five characters of its name."""
    return str(pod["metadata"]["name"])[-5:]


def speaks(world: World, pod: dict[str, Any], *lines: str, run: int = 0) -> None:
    """The pod's container writes."""
    metadata, container = pod["metadata"], pod["spec"]["containers"][0]["name"]
    for line in lines:
        world.cluster.pod_logs.append(
            metadata["namespace"], metadata["uid"], container, run, line, datetime.now(UTC)
        )
