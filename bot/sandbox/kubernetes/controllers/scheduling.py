"""The scheduler: a node for each pod, or why none will do, in the real scheduler's words."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.kubernetes.controllers.cluster import Cluster, is_ending, set_condition
from bot.sandbox.kubernetes.controllers.kinds import CLAIM, NODE, POD
from bot.sandbox.kubernetes.controllers.pods import phase
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.quantities import asked_by, parse
from bot.sandbox.kubernetes.selectors import selects
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
        self._placed: dict[str, dict[str, Object]] = {}  # node -> pod uid -> pod
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
        if pod is None or pod["spec"].get("nodeName") or phase(pod) != "Pending":
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
        refusals = {node["metadata"]["name"]: self._refusals(pod, node) for node in nodes}
        unbound = self._unbound_claim(pod)
        fitting = [] if unbound else [name for name, reasons in refusals.items() if not reasons]
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

    def _refusals(self, pod: Object, node: Object) -> list[str]:
        """Why this node will not do: the first filter's reasons, as the scheduler's plug-ins run."""
        if (why := _unsuited(node, pod["spec"])) is not None:
            return [why]
        if self._repelled(pod, node):
            return ["node(s) didn't match pod anti-affinity rules"]
        return self._shortages(pod, node)

    def _shortages(self, pod: Object, node: Object) -> list[str]:
        there = list(self._placed.get(node["metadata"]["name"], {}).values())
        room = node.get("status", {}).get("allocatable") or {}
        short = ["Too many pods"] if len(there) + 1 > int(room.get("pods", 110)) else []
        for resource in ("cpu", "memory"):
            used = sum((asked_by(other["spec"], resource) for other in there), Decimal(0))
            asked = asked_by(pod["spec"], resource)
            if asked and used + asked > parse(room.get(resource, 0)):
                short.append(f"Insufficient {resource}")
        return short

    def _repelled(self, pod: Object, node: Object) -> bool:
        affinity = (pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}
        for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
            value = _label(node, term["topologyKey"])
            near = [
                other
                for peer in self._cluster.all(NODE)
                if value is not None and _label(peer, term["topologyKey"]) == value
                for other in self._placed.get(peer["metadata"]["name"], {}).values()
            ]
            if any(_meant(term, pod, other) for other in near):
                return True
        return False

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


_CORDON: dict[str, Any] = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def _unschedulable(refusals: dict[str, list[str]], unbound: str | None) -> str:
    total = len(refusals)
    none = f"0/{total} nodes are available"
    if unbound:
        why, helpless = unbound, total
    else:
        counts = Counter(reason for reasons in refusals.values() for reason in reasons)
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
        hopeful = ("Insufficient", "Too many")
        helpless = sum(1 for reasons in refusals.values() if not reasons[0].startswith(hopeful))
    hopes = [f"{total - helpless} No preemption victims found for incoming pod"] if total > helpless else []
    helps = [f"{helpless} Preemption is not helpful for scheduling"] if helpless else []
    return f"{none}: {why}. preemption: {none}: {', '.join([*hopes, *helps])}."


def takes(node: Object, spec: Object) -> bool:
    """Whether a pod with that spec may run on the node at all, its room aside."""
    return _unsuited(node, spec) is None


def _unsuited(node: Object, spec: Object) -> str | None:
    """Why the node takes no pod of that spec, or None."""
    if node.get("spec", {}).get("unschedulable") and not _tolerates(spec, _CORDON):
        return "node(s) were unschedulable"
    for taint in node.get("spec", {}).get("taints") or ():
        if taint.get("effect") != "PreferNoSchedule" and not _tolerates(spec, taint):
            return "node(s) had untolerated taint(s)"
    return None if _wanted(spec, node) else "node(s) didn't match Pod's node affinity/selector"


def _tolerates(spec: Object, taint: Object) -> bool:
    for toleration in spec.get("tolerations") or ():
        if toleration.get("effect") not in (None, "", taint.get("effect")):
            continue
        if toleration.get("operator", "Equal") == "Exists":
            if toleration.get("key") in (None, "", taint["key"]):
                return True
        elif (toleration.get("key"), toleration.get("value", "")) == (taint["key"], taint.get("value", "")):
            return True
    return False


def _wanted(spec: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    terms = required.get("nodeSelectorTerms") or ()
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        selects({"matchExpressions": term.get("matchExpressions") or []}, labels)
        and selects({"matchExpressions": term.get("matchFields") or []}, fields)
        for term in terms
    )


def _label(node: Object, key: str) -> str | None:
    labels: dict[str, str] = node["metadata"].get("labels") or {}
    return labels.get(key)


def _meant(term: Object, pod: Object, other: Object) -> bool:
    """Whether an anti-affinity term of `pod` means `other`."""
    namespaces = term.get("namespaces") or [pod["metadata"]["namespace"]]
    labels = other["metadata"].get("labels") or {}
    return other["metadata"]["namespace"] in namespaces and selects(term.get("labelSelector"), labels)
