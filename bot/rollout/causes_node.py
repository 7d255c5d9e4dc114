"""Why a pod finds no node (rows 21 to 29), and what nodes do to pods (39 to 41).

The scheduler sums up in one message; nodes differ, so one reason speaks and counts are shown. Nodes that the pod was
never meant for are in that message, too, and are mostly more than the others: they speak only when there are no others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.rollout.causes import Finding, PodView, one_line, pod_cause

_HEAD = re.compile(r"0/(\d+) nodes are available:?\s*(.*)", re.S)
_PART = re.compile(r"(?:(\d+)\s+)?(.*)", re.S)


_BY_NAME = "didn't satisfy plugin"
"""Of nodes that were not looked at: all but one for a pod of a DaemonSet."""
_BY_CHOICE = re.compile(
    r"untolerated taint|taints that the pod didn't|(?:scheduler-enforced|Pod's) node affinity|node selector"
)
"""Of nodes that are kept for other pods, or that the pod does not choose."""


@dataclass(frozen=True, slots=True)
class _Scheduling:
    """The scheduler's message in parts: (how many nodes, why), what is to be said first."""

    nodes: int
    parts: tuple[tuple[int, str], ...]
    quote: str


@pod_cause("resources-short", 21, "Lower the requests, or add a node", fault="cluster", grace=True)
def resources_short(view: PodView) -> Finding | None:
    """No node has the CPU or memory that is asked for."""
    return _leading(view, r"Insufficient (\S+)", "No node has {0} free")


@pod_cause(
    "tainted", 22, "See the nodes' taints: add a toleration, or mend what keeps the nodes from being ready"
)
def tainted(view: PodView) -> Finding | None:
    """Nodes are kept for others."""
    return _leading(
        view,
        r"had (?:untolerated taint ?(\{[^}]*\})?|taints that the pod didn't tolerate)",
        "Nodes are reserved by {0}",
    )


@pod_cause("no-matching-node", 23, "Check the node selector and the nodes' labels")
def no_matching_node(view: PodView) -> Finding | None:
    """The selector or affinity fits no node."""
    return _leading(
        view, r"didn't match Pod's node affinity|didn't match node selector", "No node has the labels"
    )


@pod_cause("anti-affinity", 24, "Add nodes, or soften the rule")
def anti_affinity(view: PodView) -> Finding | None:
    """Replicas keep away from each other and there are not enough nodes."""
    return _leading(
        view, r"didn't match pod (?:anti-affinity|affinity/anti-affinity)", "Replicas may not share nodes"
    )


@pod_cause("anti-affinity-of-others", 24, "Add nodes, or ask the owner of those pods")
def anti_affinity_of_others(view: PodView) -> Finding | None:
    """Pods that are there already keep pods like this one away."""
    return _leading(view, r"existing pods anti-affinity rules", "Other pods keep it off their nodes")


@pod_cause("affinity", 24, "Check the rule and the labels of those pods")
def affinity(view: PodView) -> Finding | None:
    """It wants to be near other pods, and there are none, or not where it may go."""
    return _leading(view, r"didn't match pod affinity rules", "No node has the pods that it is to be near")


@pod_cause("claim-unbound", 25, "See the claim", grace=True, specific=-1)
def claim_unbound(view: PodView) -> Finding | None:
    """The pod's claim has no volume yet."""
    return _leading(
        view,
        r"unbound immediate PersistentVolumeClaims|find available persistent volumes to bind",
        "Its disk is not ready",
    )


@pod_cause("volume-zone", 26, "Add a node in that zone")
def volume_zone(view: PodView) -> Finding | None:
    """The disk is where no fitting node is."""
    return _leading(
        view,
        r"volume node affinity conflict|PersistentVolume's node affinity|no available volume zone",
        "The disk is in another zone",
    )


@pod_cause("node-full", 27, "Add a node", fault="cluster")
def node_full(view: PodView) -> Finding | None:
    """Nodes have as many pods as they may."""
    return _leading(view, r"Too many pods", "Nodes are at their pod limit")


@pod_cause("spread", 28, "Raise maxSkew, or add a node in the missing zone")
def spread(view: PodView) -> Finding | None:
    """The spread constraints cannot be met."""
    return _leading(view, r"didn't match pod topology spread constraints", "Cannot spread evenly")


@pod_cause("cordoned", 29, "Uncordon a node", fault="cluster")
def cordoned(view: PodView) -> Finding | None:
    """Nodes take no new pods."""
    if view.condition("PodScheduled").get("reason") == "SchedulingGated":
        gates = [str(gate.get("name")) for gate in (view.pod.get("spec") or {}).get("schedulingGates") or ()]
        return Finding("Its start is gated", ", ".join(gates), "Ask whoever owns the gate")
    return _leading(view, r"were unschedulable|unschedulable: ?\}", "Nodes are cordoned")


@pod_cause("unschedulable", 29, "Read the scheduler's words", specific=-2, sure=False)
def unschedulable(view: PodView) -> Finding | None:
    """No node for a reason that no row knows."""
    scheduling = _scheduling(view)
    return Finding("No node takes the pod", scheduling.quote) if scheduling else None


@pod_cause("sandbox", 39, "Look at the node and its network plugin", fault="cluster")
def sandbox(view: PodView) -> Finding | None:
    """The pod's network could not be set up."""
    said = view.said("FailedCreatePodSandBox")
    waits = any(it.waiting in ("ContainerCreating", "PodInitializing") for it in view.containers)
    if not said or not (waits or not view.status.get("containerStatuses")):
        return None
    return Finding("The pod's network could not be set up", one_line(said))


@pod_cause("node-lost", 40, "Wait about 5 minutes, then look at the node", fault="cluster", specific=5)
def node_lost(view: PodView) -> Finding | None:
    """The node stopped answering.

    The node's controller then says of its pods that they are not ready, and nothing else: all their containers are
    as they were. Only a readiness gate looks the same.
    """
    ready = view.condition("Ready")
    gated = (view.pod.get("spec") or {}).get("readinessGates")
    overruled = ready.get("status") == "False" and view.condition("ContainersReady").get("status") == "True"
    if (
        (overruled and not gated)
        or ready.get("status") == "Unknown"
        or view.status.get("reason") == "NodeLost"
    ):
        node = str((view.pod.get("spec") or {}).get("nodeName") or "?")
        return Finding(f"Node {node} stopped answering", str(view.status.get("message") or ""))
    return None


@pod_cause("disk-limit", 41, "Raise the limit, or write less to the container's disk", specific=6)
def disk_limit(view: PodView) -> Finding | None:
    """It wrote more than it may, and was thrown out for that."""
    said = _evicted(view)
    found = re.search(r"exceed(?:s|ed) (?:its|the) [\w ]*limit[a-z ]* \"?([\d.]+\w*)", said)
    return Finding(f"Used more disk than its limit of {found[1]}", one_line(said)) if found else None


@pod_cause("evicted", 41, "Free space on the node, or set requests", fault="cluster", specific=5)
def evicted(view: PodView) -> Finding | None:
    """The node ran out of something and threw the pod out."""
    said = _evicted(view)
    found = re.search(r"low on resource: ?\[?([\w-]+)|had condition: ?\[?(\w+)", said)
    what = next((group for group in found.groups() if group), "") if found else "a resource"
    return Finding(f"Node ran out of {what}", one_line(said)) if said else None


def _evicted(view: PodView) -> str:
    """Why the kubelet threw the pod out, "" where it did not."""
    if view.status.get("phase") != "Failed" or view.status.get("reason") != "Evicted":
        return ""
    return str(view.status.get("message") or "no reason was given")


def _leading(view: PodView, pattern: str, words: str) -> Finding | None:
    """A finding when the reason of the scheduler that speaks matches."""
    scheduling = _scheduling(view)
    if scheduling is None or not scheduling.parts:
        return None
    count, part = scheduling.parts[0]
    found = re.search(pattern, part, re.I)
    if not found:
        return None
    what = next((group for group in found.groups() if group), "a taint")
    what = re.sub(r"^\{(.*?):? ?\}$", r"\1", what)
    told = words.format(f"taint {what}" if "taint" in part and what != "a taint" else what)
    if len(scheduling.parts) > 1:
        told += f" ({count} of {scheduling.nodes} nodes)"
    return Finding(told, scheduling.quote)


def _scheduling(view: PodView) -> _Scheduling | None:
    condition = view.condition("PodScheduled")
    if condition.get("status") != "False" or condition.get("reason") != "Unschedulable":
        return None
    message = (
        str(condition.get("message") or view.said("FailedScheduling")).partition("preemption:")[0].strip()
    )
    head = _HEAD.match(message)
    if head is None:
        whole = ((0, message),) if message else ()
        return _Scheduling(0, whole, one_line(message))
    nodes, parts = int(head[1]), []
    for text in head[2].rstrip(". ").split(", "):
        found = _PART.match(text.strip())
        assert found is not None
        parts.append((int(found[1] or nodes), found[2]))
    parts.sort(key=_weight)
    return _Scheduling(nodes, tuple(parts), one_line(message))


def _weight(part: tuple[int, str]) -> tuple[int, int]:
    """The commonest first, but what says nothing of the nodes that the pod is meant for after all others."""
    count, why = part
    if _BY_NAME in why:
        return 2, -count
    return (1 if _BY_CHOICE.search(why) else 0), -count
