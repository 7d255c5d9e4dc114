"""DaemonSets: one pod on every node that takes it."""

from collections import defaultdict
from collections.abc import Iterable

from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending, owner_keys
from bot.sandbox.kubernetes.controllers.filtering import takes
from bot.sandbox.kubernetes.controllers.kinds import DAEMON_SET, NODE, POD
from bot.sandbox.kubernetes.controllers.percentages import allowance
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
    hash_of,
    revision_of,
)
from bot.sandbox.kubernetes.metadata import random_suffix
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "daemonset-controller"
TOLERATED = ("not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
"""Taints (node.kubernetes.io/...) that the pods of every DaemonSet tolerate."""


class DaemonSetController:
    """Creates, updates and deletes the pods of DaemonSets."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder = recorder

    def concerns(self, change: Change) -> Iterable[Key]:
        if DAEMON_SET.has(change.key):
            return [change.key]
        if NODE.has(change.key):
            return [DAEMON_SET.key_of(found) for found in self._cluster.all(DAEMON_SET)]
        return owner_keys(DAEMON_SET, change.object) if POD.has(change.key) else []

    def reconcile(self, key: Key) -> float | None:
        found = self._cluster.get(key)
        if found is None or is_ending(found):
            return None
        revision = current_revision(self._cluster, found)
        digest = hash_of(revision["metadata"]["name"])
        nodes = [n["metadata"]["name"] for n in self._cluster.all(NODE) if takes(n, _template(found)["spec"])]
        refused = False
        try:
            self._place(found, nodes, digest)
            self._update(found, nodes, digest)
        except Refused:
            refused = True
        again = self._write_status(key, found, nodes, digest)
        return RETRY_REFUSED if refused else again

    def _by_node(self, owner: Object) -> dict[str, list[Object]]:
        placed: dict[str, list[Object]] = defaultdict(list)
        for pod in self._cluster.owned(owner, POD):
            placed[_wanted_node(pod)].append(pod)
        return placed

    def _place(self, owner: Object, nodes: list[str], digest: str) -> None:
        """One pod where none is, none where none belongs. Raises: Refused."""
        placed = self._by_node(owner)
        for node, pods in placed.items():
            ended = [pod for pod in pods if phase(pod) in ("Failed", "Succeeded")]
            for pod in ended if node in nodes else pods:
                self._delete(owner, pod)
        for node in nodes:
            if not placed.get(node):
                template = _template(owner)
                template["spec"] = {
                    **template["spec"],
                    "affinity": _only(node, template["spec"].get("affinity")),
                }
                create_pod(
                    self._cluster,
                    self._recorder,
                    COMPONENT,
                    owner,
                    template=template,
                    name=f"{owner['metadata']['name'][:57]}-{random_suffix()}",
                    labels={LABEL: digest},
                )

    def _update(self, owner: Object, nodes: list[str], digest: str) -> None:
        """Delete pods of older templates, as many at once as may be unavailable; broken ones count first."""
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        pods = [pods[0] for node, pods in self._by_node(owner).items() if node in nodes]
        unavailable = len(nodes) - sum(1 for pod in pods if is_ready(pod) and not is_ending(pod))
        most = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
        room = max(1, allowance(most, len(nodes), up=True)) - unavailable
        old = [pod for pod in pods if revision_of(pod) != digest and not is_ending(pod)]
        for pod in old:
            if is_ready(pod):
                room -= 1
                if room < 0:
                    continue
            self._delete(owner, pod)

    def _delete(self, owner: Object, pod: Object) -> None:
        if is_ending(pod):
            return
        self._cluster.delete(POD.key_of(pod))
        text = f"Deleted pod: {pod['metadata']['name']}"
        self._recorder.normal(owner, COMPONENT, "SuccessfulDelete", text)

    def _write_status(self, key: Key, owner: Object, nodes: list[str], digest: str) -> float | None:
        pods = [pods[0] for node, pods in self._by_node(owner).items() if node in nodes]
        min_ready = int(owner["spec"].get("minReadySeconds") or 0)
        waits = [available_in(pod, min_ready, self._cluster.now) for pod in pods]
        available = sum(1 for wait in waits if wait == 0)

        def write(obj: Object) -> None:
            status = obj.setdefault("status", {})
            status.update(
                desiredNumberScheduled=len(nodes),
                currentNumberScheduled=len(pods),
                numberMisscheduled=0,
                numberReady=sum(1 for pod in pods if is_ready(pod)),
                numberAvailable=available,
                updatedNumberScheduled=sum(1 for pod in pods if revision_of(pod) == digest),
                observedGeneration=owner["metadata"].get("generation", 1),
            )
            status.pop("numberUnavailable", None)
            if available < len(nodes):
                status["numberUnavailable"] = len(nodes) - available

        self._cluster.edit(key, write)
        name = owner["metadata"]["name"]
        used = {f"{name}-{digest}", *(f"{name}-{revision_of(pod)}" for pod in pods)}
        forget_history(self._cluster, owner, used)
        return min((wait for wait in waits if wait), default=None)


def _template(owner: Object) -> Object:
    """The template with the tolerations that every DaemonSet's pods get."""
    template = owner["spec"]["template"]
    tolerations = [{"key": f"node.kubernetes.io/{name}", "operator": "Exists"} for name in TOLERATED]
    spec = {**template["spec"], "tolerations": [*(template["spec"].get("tolerations") or ()), *tolerations]}
    return {**template, "spec": spec}


def _only(node: str, affinity: Object | None) -> Object:
    """The affinity that binds a pod to one node, as the real controller writes it."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    bound = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    return {**(affinity or {}), **bound}


def _wanted_node(pod: Object) -> str:
    """The node that a pod of a DaemonSet is meant for."""
    required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])
