"""Which nodes will not do for a pod, and why, as the real scheduler's filters say it.

Selectors, node affinity and taints; what is asked for beside what runs there already; host ports; affinity and
anti-affinity between pods; the spread over zones and nodes. What only prefers one node to another is left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.sandbox.kubernetes.controllers.cluster import Cluster
from bot.sandbox.kubernetes.controllers.kinds import NODE
from bot.sandbox.kubernetes.quantities import asked_by, parse
from bot.sandbox.kubernetes.selectors import selects
from bot.sandbox.kubernetes.storage import Object

Placed = dict[str, dict[str, Object]]
"""Who runs where: node -> pod uid -> pod."""


@dataclass(frozen=True)
class Refusal:
    """Why a node will not do, and whether it would if other pods were not there."""

    reasons: list[str]
    hopeful: bool = False


class Filters:
    """The filters, on what is known of the cluster."""

    def __init__(self, cluster: Cluster, placed: Placed) -> None:
        self._cluster = cluster
        self._placed = placed

    def refusal(self, pod: Object, node: Object) -> Refusal | None:
        """Why this node will not do: the first filter's reasons, as the scheduler's plug-ins run."""
        if (why := _unsuited(node, pod["spec"])) is not None:
            return Refusal([why])
        if self._taken_ports(pod, node):
            return Refusal(["node(s) didn't have free ports for the requested pod ports"], hopeful=True)
        return self._shortage(pod, node) or self._skewed(pod, node) or self._unfriendly(pod, node)

    def _there(self, node: Object) -> list[Object]:
        return list(self._placed.get(node["metadata"]["name"], {}).values())

    def _taken_ports(self, pod: Object, node: Object) -> bool:
        wanted = set(_host_ports(pod))
        return bool(wanted) and any(wanted & set(_host_ports(other)) for other in self._there(node))

    def _shortage(self, pod: Object, node: Object) -> Refusal | None:
        there, spec = self._there(node), pod["spec"]
        room = node.get("status", {}).get("allocatable") or {}
        short = ["Too many pods"] if len(there) + 1 > int(room.get("pods", 110)) else []
        hopeful = True
        for resource in _asked(spec):
            used = sum((asked_by(other["spec"], resource) for other in there), Decimal(0))
            asked, most = asked_by(spec, resource), parse(room.get(resource, 0))
            if asked and used + asked > most:
                short.append(f"Insufficient {resource}")
                hopeful &= asked <= most
        return Refusal(short, hopeful) if short else None

    def _near(self, node: Object, topology: str) -> Iterator[Object]:
        """The pods of all nodes in the same part of the topology."""
        value = _label(node, topology)
        for peer in self._cluster.all(NODE):
            if value is not None and _label(peer, topology) == value:
                yield from self._there(peer)

    def _unfriendly(self, pod: Object, node: Object) -> Refusal | None:
        affinity = pod["spec"].get("affinity") or {}
        for term in _required(affinity.get("podAffinity")):
            if not self._friends(term, pod, node):
                return Refusal(["node(s) didn't match pod affinity rules"])
        for term in _required(affinity.get("podAntiAffinity")):
            if any(_meant(term, pod, other) for other in self._near(node, term["topologyKey"])):
                return Refusal(["node(s) didn't match pod anti-affinity rules"], hopeful=True)
        if self._disliked(pod, node):
            words = "node(s) didn't satisfy existing pods anti-affinity rules"
            return Refusal([words], hopeful=True)
        return None

    def _friends(self, term: Object, pod: Object, node: Object) -> bool:
        """Whether somebody that the pod wants is near; the first of those who want each other may go anywhere."""
        if _label(node, term["topologyKey"]) is None:
            return False
        if any(_meant(term, pod, other) for other in self._near(node, term["topologyKey"])):
            return True
        everybody = (other for pods in self._placed.values() for other in pods.values())
        return _meant(term, pod, pod) and not any(_meant(term, pod, other) for other in everybody)

    def _disliked(self, pod: Object, node: Object) -> bool:
        """Whether a pod that runs near wants nobody like this one there."""
        for peer in self._cluster.all(NODE):
            for other in self._there(peer):
                affinity = other["spec"].get("affinity") or {}
                for term in _required(affinity.get("podAntiAffinity")):
                    value = _label(peer, term["topologyKey"])
                    near = value is not None and _label(node, term["topologyKey"]) == value
                    if near and _meant(term, other, pod):
                        return True
        return False

    def _skewed(self, pod: Object, node: Object) -> Refusal | None:
        words = "node(s) didn't match pod topology spread constraints"
        for constraint in pod["spec"].get("topologySpreadConstraints") or ():
            if constraint.get("whenUnsatisfiable") == "ScheduleAnyway":
                continue
            here = _label(node, constraint["topologyKey"])
            if here is None:
                return Refusal([f"{words} (missing required label)"])
            counts = self._spread(constraint, pod)
            own = selects(constraint.get("labelSelector"), pod["metadata"].get("labels") or {})
            if counts[here] + own - min(counts.values()) > int(constraint["maxSkew"]):
                return Refusal([words], hopeful=True)
        return None

    def _spread(self, constraint: Object, pod: Object) -> Counter[str]:
        """How many pods of the constraint's there are in each part of the topology that the pod may go to."""
        counts: Counter[str] = Counter()
        for node in self._cluster.all(NODE):
            part = _label(node, constraint["topologyKey"])
            if part is None or not _wanted(pod["spec"], node):
                continue
            counts[part] += sum(_meant(constraint, pod, other) for other in self._there(node))
        return counts


def _required(affinity: Object | None) -> Iterable[Object]:
    terms: Iterable[Object] = (affinity or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return terms


def _asked(spec: Object) -> list[str]:
    """The resources that a pod's containers ask for: processor and memory first, as they are told."""
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    named = {
        name
        for container in containers
        for which in ("requests", "limits")
        for name in (container.get("resources") or {}).get(which) or {}
    }
    return [*(name for name in ("cpu", "memory") if name in named), *sorted(named - {"cpu", "memory"})]


def _host_ports(pod: Object) -> Iterator[tuple[str, int]]:
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield port.get("protocol", "TCP"), port["hostPort"]


_CORDON: dict[str, Any] = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


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
