"""The scheduler: a node for each pod, or why none will do, in the real scheduler's words."""

from collections import Counter
from collections.abc import Iterable

from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending, set_condition
from bot.sandbox.kubernetes.controllers.filtering import Filters, Placed, Refusal
from bot.sandbox.kubernetes.controllers.kinds import CLAIM, NODE, POD
from bot.sandbox.kubernetes.controllers.pods import phase
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.storage import Change, Key, Object

COMPONENT = "default-scheduler"
TOPOLOGY = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")
"""Labels of a node that its pods get, too (the admission plug-in PodTopologyLabels)."""
RETRY = 30.0
"""Seconds after which a pod that fits nowhere is looked at again, besides whenever nodes or pods change."""


class Scheduler:
    """Binds pods to nodes."""

    def __init__(self, cluster: Cluster, recorder: Recorder, pace: Pace) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._pace = pace
        self._placed: Placed = {}
        self._filters = Filters(cluster, self._placed)
        self._seen: dict[str, float] = {}  # pod uid -> when it was first looked at
        self._pending: dict[Key, None] = {}

    def concerns(self, change: Change) -> Iterable[Key]:
        if POD.has(change.key):
            freed = self._account(change)
            waits = change.type != "DELETED" and not change.object["spec"].get("nodeName")
            return [*([change.key] if waits else []), *(self._pending if freed else [])]
        if NODE.has(change.key) or CLAIM.has(change.key):
            return list(self._pending)
        return []

    def _account(self, change: Change) -> bool:
        """Keep who runs where; answers whether room was freed."""
        pod, node = change.object, change.object["spec"].get("nodeName")
        uid = pod["metadata"]["uid"]
        if change.type == "DELETED":
            self._seen.pop(uid, None)
            self._pending.pop(change.key, None)
        if node and (change.type == "DELETED" or phase(pod) in ("Succeeded", "Failed")):
            return self._placed.get(node, {}).pop(uid, None) is not None
        if node:
            self._placed.setdefault(node, {})[uid] = pod
        return False

    def reconcile(self, key: Key) -> float | None:
        pod = self._cluster.get(key)
        if pod is None or not _is_for_us(pod):
            self._pending.pop(key, None)
            return None
        if is_ending(pod):
            if not pod["metadata"].get("finalizers"):
                self._cluster.remove(key)
            return None
        now = self._cluster.clock.monotonic()
        wait = self._seen.setdefault(pod["metadata"]["uid"], now) + self._pace.schedule - now
        if wait > 0:
            return wait
        return self._place(key, pod)

    def _place(self, key: Key, pod: Object) -> float | None:
        if pod["spec"].get("schedulingGates"):
            message = "Scheduling is blocked due to non-empty scheduling gates"
            self._pending[key] = None
            self._say(key, pod, "SchedulingGated", message)
            return None
        nodes = self._cluster.all(NODE)
        refusals = {node["metadata"]["name"]: self._filters.refusal(pod, node) for node in nodes}
        unbound = self._unbound_claim(pod)
        fitting = [] if unbound else [name for name, refusal in refusals.items() if refusal is None]
        if not fitting:
            self._pending[key] = None
            message = _unschedulable(refusals, unbound)
            self._recorder.warning(pod, COMPONENT, "FailedScheduling", message)
            self._say(key, pod, "Unschedulable", message)
            return RETRY
        self._bind(key, pod, min(fitting, key=lambda name: (len(self._placed.get(name, {})), name)))
        return None

    def _say(self, key: Key, pod: Object, reason: str, message: str) -> None:
        stamp = self._cluster.stamp
        self._cluster.edit(
            key,
            lambda obj: set_condition(
                obj.setdefault("status", {"phase": "Pending"}),
                "PodScheduled",
                False,
                reason,
                message,
                stamp=stamp,
            ),
        )

    def _bind(self, key: Key, pod: Object, node: str) -> None:
        stamp = self._cluster.stamp
        found = self._cluster.get(NODE.key("", node)) or {"metadata": {}}
        labels = found["metadata"].get("labels") or {}
        place = {name: labels[name] for name in TOPOLOGY if name in labels}

        def bind(obj: Object) -> None:
            obj["spec"]["nodeName"] = node
            obj["metadata"]["labels"] = {**(obj["metadata"].get("labels") or {}), **place}
            status = obj.setdefault("status", {"phase": "Pending"})
            set_condition(status, "PodScheduled", True, stamp=stamp)

        self._pending.pop(key, None)
        bound = self._cluster.edit(key, bind)
        if bound is not None:
            self._placed.setdefault(node, {})[pod["metadata"]["uid"]] = bound
        text = f"Successfully assigned {key.namespace}/{key.name} to {node}"
        self._recorder.normal(pod, COMPONENT, "Scheduled", text)

    def _unbound_claim(self, pod: Object) -> str | None:
        """Why the pod's claims hold it back, or None."""
        for volume in pod["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if name is None:
                continue
            claim = self._cluster.get(CLAIM.key(pod["metadata"]["namespace"], name))
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if (claim.get("status") or {}).get("phase") != "Bound":
                return "pod has unbound immediate PersistentVolumeClaims"
        return None


def _is_for_us(pod: Object) -> bool:
    """Whether the pod waits for a node, and for this scheduler to find it."""
    spec = pod["spec"]
    ours = spec.get("schedulerName", COMPONENT) == COMPONENT
    return ours and not spec.get("nodeName") and phase(pod) == "Pending"


def _unschedulable(refusals: dict[str, Refusal | None], unbound: str | None) -> str:
    total = len(refusals)
    none = f"0/{total} nodes are available"
    if unbound:
        return f"{none}: {unbound}. not found"
    refused = [refusal for refusal in refusals.values() if refusal is not None]
    counts = Counter(reason for refusal in refused for reason in refusal.reasons)
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    helpless = sum(not refusal.hopeful for refusal in refused)
    hopes = [f"{total - helpless} No preemption victims found for incoming pod"] if total > helpless else []
    helps = [f"{helpless} Preemption is not helpful for scheduling"] if helpless else []
    return f"{none}: {why}. preemption: {none}: {', '.join([*hopes, *helps])}."
