"""ReplicaSets: as many pods as wanted, the least useful ended first."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import (
    Cluster,
    drop_condition,
    is_ending,
    owner_keys,
    set_condition,
)
from bot.sandbox.kubernetes.controllers.kinds import POD, REPLICA_SET
from bot.sandbox.kubernetes.controllers.pods import (
    RETRY_REFUSED,
    Refused,
    available_in,
    create_pod,
    is_active,
    is_ready,
    phase,
)
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.metadata import random_suffix
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "replicaset-controller"


class ReplicaSetController:
    """Creates and deletes the pods of ReplicaSets."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder

    def concerns(self, change: Change) -> Iterable[Key]:
        if REPLICA_SET.has(change.key):
            return [change.key]
        return owner_keys(REPLICA_SET, change.object) if POD.has(change.key) else []

    def reconcile(self, key: Key) -> float | None:
        found = self._cluster.get(key)
        if found is None or is_ending(found):
            return None
        refused: Refused | None = None
        pods = [pod for pod in self._cluster.owned(found, POD) if is_active(pod)]
        wanted = int(found["spec"].get("replicas", 1))
        try:
            self._scale(found, pods, wanted)
        except Refused as refusal:
            refused = refusal
        again = self._write_status(key, found, refused)
        return RETRY_REFUSED if refused is not None else again

    def _scale(self, owner: Object, pods: list[Object], wanted: int) -> None:
        """Create or delete pods up to the wanted number. Raises: Refused."""
        prefix = f"{owner['metadata']['name'][:57]}-"
        for _ in range(wanted - len(pods)):
            create_pod(
                self._cluster,
                self._recorder,
                COMPONENT,
                owner,
                template=owner["spec"]["template"],
                name=prefix + random_suffix(),
            )
        for pod in sorted(pods, key=_usefulness)[: max(0, len(pods) - wanted)]:
            self._cluster.delete(POD.key_of(pod))
            text = f"Deleted pod: {pod['metadata']['name']}"
            self._recorder.normal(owner, COMPONENT, "SuccessfulDelete", text)

    def _write_status(self, key: Key, found: Object, refused: Refused | None) -> float | None:
        pods = [pod for pod in self._cluster.owned(found, POD) if is_active(pod)]
        min_ready = int(found["spec"].get("minReadySeconds") or 0)
        waits = [available_in(pod, min_ready, self._cluster.now) for pod in pods]
        stamp = self._cluster.stamp

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.update(
                replicas=len(pods),
                fullyLabeledReplicas=len(pods),
                readyReplicas=sum(1 for pod in pods if is_ready(pod)),
                availableReplicas=sum(1 for wait in waits if wait == 0),
                observedGeneration=found["metadata"].get("generation", 1),
            )
            if refused is not None:
                set_condition(status, "ReplicaFailure", True, "FailedCreate", str(refused), stamp=stamp)
            else:
                drop_condition(status, "ReplicaFailure")

        self._cluster.edit(key, write)
        return min((wait for wait in waits if wait), default=None)


def _usefulness(pod: Object) -> tuple[bool, bool, bool, int, str]:
    """Sorts the pods to end first to the front: unbound, not running, not ready, often restarted, young."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    restarts = sum(int(status.get("restartCount", 0)) for status in statuses)
    age = "".join(chr(0x10FFFF - ord(c)) for c in pod["metadata"]["creationTimestamp"])
    bound = bool(pod["spec"].get("nodeName"))
    return bound, phase(pod) == "Running", is_ready(pod), -restarts, age
