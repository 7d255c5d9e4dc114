"""StatefulSets: pods with a number and disks of their own, made, updated and ended in order.

As in a real cluster, a pod of the new revision that does not become ready holds up all others, and stays
so when the template is put right until someone deletes that pod.
"""

import copy
from collections.abc import Iterable

from bot.sandbox.kubernetes.admission import CLAIM_FINALIZER
from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending, owner_keys
from bot.sandbox.kubernetes.controllers.kinds import CLAIM, POD, STATEFUL_SET
from bot.sandbox.kubernetes.controllers.pods import (
    RETRY_REFUSED,
    Refused,
    available_in,
    create_pod,
    is_ready,
    phase,
)
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.controllers.revisions import (
    LABEL,
    current_revision,
    forget_history,
    revision_of,
    template_of,
)
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "statefulset-controller"
NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"


class StatefulSetController:
    """Creates, updates and deletes the pods of StatefulSets."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder

    def concerns(self, change: Change) -> Iterable[Key]:
        if STATEFUL_SET.has(change.key):
            return [change.key]
        return owner_keys(STATEFUL_SET, change.object) if POD.has(change.key) else []

    def reconcile(self, key: Key) -> float | None:
        found = self._cluster.get(key)
        if found is None or is_ending(found):
            return None
        self._cluster.adopt(found, POD)
        update = str(current_revision(self._cluster, found)["metadata"]["name"])
        current = str((found.get("status") or {}).get("currentRevision") or update)
        refused = False
        try:
            self._step(found, current, update)
        except Refused:
            refused = True
        again = self._write_status(key, found, current, update)
        return RETRY_REFUSED if refused else again

    def _pods(self, owner: Object) -> dict[int, Object]:
        pods = self._cluster.owned(owner, POD)
        return {int(pod["metadata"]["name"].rpartition("-")[2]): pod for pod in pods}

    def _step(self, owner: Object, current: str, update: str) -> None:
        """Do what the order allows now. Raises: Refused."""
        pods, numbers = self._pods(owner), _numbers(owner)
        one_by_one = owner["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        for number in numbers:
            pod = pods.get(number)
            if pod is not None and phase(pod) in ("Failed", "Succeeded") and not is_ending(pod):
                self._delete(owner, pod)
                return
            if pod is None:
                revision = update if number >= _partition(owner) or current == update else current
                self._create(owner, number, revision)
            if one_by_one and (pod is None or not self._is_available(owner, pod)):
                return
        surplus = sorted((n for n in pods if n not in numbers), reverse=True)
        for number in surplus:
            self._delete(owner, pods[number])
            if one_by_one:
                return
        if not surplus:
            self._update(owner, pods, update)

    def _update(self, owner: Object, pods: dict[int, Object], update: str) -> None:
        """Replace the last pod of an older revision once all above it are ready."""
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        for number in sorted((n for n in pods if n >= _partition(owner)), reverse=True):
            pod = pods[number]
            if revision_of(pod) != update:
                self._delete(owner, pod)
                return
            if not self._is_available(owner, pod):
                return

    def _is_available(self, owner: Object, pod: Object) -> bool:
        wait = available_in(pod, int(owner["spec"].get("minReadySeconds") or 0), self._cluster.now)
        return wait == 0 and not is_ending(pod)

    def _create(self, owner: Object, number: int, revision: str) -> None:
        name = f"{owner['metadata']['name']}-{number}"
        template = copy.deepcopy(template_of(self._cluster, owner, revision))
        for claim in owner["spec"].get("volumeClaimTemplates") or ():
            claim_name = self._claim(owner, claim, name)
            volume = {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}}
            kept = [v for v in template["spec"].get("volumes") or () if v["name"] != volume["name"]]
            template["spec"]["volumes"] = [*kept, volume]
        template["spec"].setdefault("subdomain", owner["spec"].get("serviceName", ""))
        text = f"Create Pod {name} in StatefulSet {owner['metadata']['name']}"
        labels = {LABEL: revision, NAME_LABEL: name, INDEX_LABEL: str(number)}
        try:
            create_pod(
                self._cluster,
                self._recorder,
                "",  # told below, in this controller's own words
                owner,
                template=template,
                name=name,
                labels=labels,
                hostname=name,
            )
        except Refused as refused:
            self._recorder.warning(owner, COMPONENT, "FailedCreate", f"{text} failed error: {refused}")
            raise
        self._recorder.normal(owner, COMPONENT, "SuccessfulCreate", f"{text} successful")

    def _claim(self, owner: Object, claim: Object, pod: str) -> str:
        """The pod's own disk, which outlives it."""
        name, namespace = f"{claim['metadata']['name']}-{pod}", owner["metadata"]["namespace"]
        if self._cluster.get(CLAIM.key(namespace, name)) is None:
            labels = (owner["spec"].get("selector") or {}).get("matchLabels")
            metadata = new_metadata(name, namespace, at=self._cluster.now, labels=labels)
            body = {
                "metadata": {**metadata, "finalizers": [CLAIM_FINALIZER]},
                "spec": copy.deepcopy(claim["spec"]),
                "status": {"phase": "Pending"},
            }
            self._cluster.create(CLAIM, body)
            owned = owner["metadata"]["name"]
            text = f"Create Claim {name} Pod {pod} in StatefulSet {owned} success"
            self._recorder.normal(owner, COMPONENT, "SuccessfulCreate", text)
        return name

    def _delete(self, owner: Object, pod: Object) -> None:
        if is_ending(pod):
            return
        name = pod["metadata"]["name"]
        self._cluster.delete(POD.key_of(pod))
        text = f"Delete Pod {name} in StatefulSet {owner['metadata']['name']} successful"
        self._recorder.normal(owner, COMPONENT, "SuccessfulDelete", text)

    def _write_status(self, key: Key, owner: Object, current: str, update: str) -> float | None:
        pods = list(self._pods(owner).values())
        min_ready = int(owner["spec"].get("minReadySeconds") or 0)
        waits = [available_in(pod, min_ready, self._cluster.now) for pod in pods]
        counts = {
            "replicas": len(pods),
            "readyReplicas": sum(1 for pod in pods if is_ready(pod)),
            "availableReplicas": sum(1 for wait in waits if wait == 0),
            "updatedReplicas": sum(1 for pod in pods if revision_of(pod) == update),
        }
        wanted = len(_numbers(owner))
        rolled = _partition(owner) == 0 and set(counts.values()) == {wanted}
        current = update if rolled else current
        counts["currentReplicas"] = sum(1 for pod in pods if revision_of(pod) == current)

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.update(
                counts,
                observedGeneration=owner["metadata"].get("generation", 1),
                currentRevision=current,
                updateRevision=update,
                collisionCount=0,
            )

        self._cluster.edit(key, write)
        forget_history(self._cluster, owner, {current, update, *map(revision_of, pods)})
        return min((wait for wait in waits if wait), default=None)


def _numbers(owner: Object) -> range:
    first = int((owner["spec"].get("ordinals") or {}).get("start", 0))
    wanted = owner["spec"].get("replicas")
    return range(first, first + (1 if wanted is None else int(wanted)))


def _partition(owner: Object) -> int:
    """Pods with a number below it stay at the current revision."""
    rolling = (owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)
