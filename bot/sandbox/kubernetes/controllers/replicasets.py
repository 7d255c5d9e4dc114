"""ReplicaSets: as many pods as wanted, the least useful ended first."""

from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import (
    Cluster,
    drop_condition,
    is_ending,
    owner_keys,
    set_condition,
)
from bot.sandbox.kubernetes.controllers.kinds import POD, QUOTA, REPLICA_SET
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
BURST = 20
"""Pods created in one go; the rest follows at once, after others had their turn."""
LONGEST_RETRY = 60.0
"""Seconds at most between two tries to create pods that were refused."""


class ReplicaSetController:
    """Creates and deletes the pods of ReplicaSets."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._refusals: dict[Key, tuple[int, float]] = {}  # how many in a row, when to try again

    def concerns(self, change: Change) -> Iterable[Key]:
        if REPLICA_SET.has(change.key):
            return [change.key]
        if QUOTA.has(change.key):
            return self._freed(change.key.namespace)
        return owner_keys(REPLICA_SET, change.object) if POD.has(change.key) else []

    def _freed(self, namespace: str) -> list[Key]:
        """A quota changed: those who were refused may try again at once."""
        keys = [key for key in self._refusals if key.namespace == namespace]
        for key in keys:
            self._refusals[key] = (self._refusals[key][0], 0.0)
        return keys

    def reconcile(self, key: Key) -> float | None:
        found = self._cluster.get(key)
        if found is None or is_ending(found):
            self._refusals.pop(key, None)
            return None
        wait = self._refusals.get(key, (0, 0.0))[1] - self._cluster.clock.monotonic()
        if wait > 0:
            return wait
        refused: Refused | None = None
        self._cluster.adopt(found, POD)
        pods = [pod for pod in self._cluster.owned(found, POD) if is_active(pod)]
        try:
            self._scale(found, pods, int(found["spec"].get("replicas", 1)))
            self._refusals.pop(key, None)
        except Refused as refusal:
            refused = refusal
            wait = self._refuse(key)
        again = self._write_status(key, found, refused)
        if refused is not None:
            return wait
        missing = int(found["spec"].get("replicas", 1)) - len(pods)
        return 0.0 if missing > BURST else again

    def _refuse(self, key: Key) -> float:
        """Seconds until the next try, twice as many each time."""
        times = self._refusals.get(key, (0, 0.0))[0] + 1
        wait = min(RETRY_REFUSED * 2.0 ** min(times - 1, 10), LONGEST_RETRY)
        self._refusals[key] = (times, self._cluster.clock.monotonic() + wait)
        return wait

    def _scale(self, owner: Object, pods: list[Object], wanted: int) -> None:
        """Create or delete pods up to the wanted number. Raises: Refused."""
        prefix = f"{owner['metadata']['name'][:57]}-"
        for _ in range(min(wanted - len(pods), BURST)):
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
        owned = self._cluster.owned(found, POD)
        pods = [pod for pod in owned if is_active(pod)]
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
                terminatingReplicas=sum(1 for pod in owned if is_ending(pod)),
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
