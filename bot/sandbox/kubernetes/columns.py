"""The columns of `kubectl get` for the built-in kinds that people look at, as Kubernetes' printers lay them out."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.kubernetes import cells
from bot.sandbox.kubernetes.cells import NONE, Cell
from bot.sandbox.kubernetes.podcells import node_of, nominated, pod_ip, pod_ready, pod_restarts, pod_status
from bot.sandbox.kubernetes.selectors import selector_text

Object = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """One column: its title, what stands in it, its type and priority (1: only shown by `-o wide`)."""

    title: str
    cell: Cell
    kind: str = "string"
    priority: int = 0


def _wide(title: str, cell: Cell, kind: str = "string") -> Shown:
    return Shown(title, cell, kind, 1)


NAME = Shown("Name", cells.of(cells.name))
AGE = Shown("Age", cells.ago("metadata", "creationTimestamp"))
CREATED = Shown("Created At", cells.field("metadata", "creationTimestamp"), "date")
_PODS = [_wide("Containers", cells.containers("name")), _wide("Images", cells.containers("image"))]
_SELECTOR = _wide("Selector", cells.of(cells.selector))
_BINDING = [
    Shown("Role", cells.of(cells.role)),
    AGE,
    _wide("Users", cells.subjects("User")),
    _wide("Groups", cells.subjects("Group")),
    _wide("ServiceAccounts", cells.subjects("ServiceAccount")),
]


def _number(title: str, *path: str) -> Shown:
    return Shown(title, cells.field(*path, default=0), "integer")


COLUMNS: dict[str, list[Shown]] = {
    "Pod": [
        Shown("Ready", cells.of(pod_ready)),
        Shown("Status", cells.of(pod_status)),
        Shown("Restarts", lambda pod, now: pod_restarts(pod, lambda stamp: cells.since(stamp, now))),
        AGE,
        _wide("IP", cells.of(pod_ip)),
        _wide("Node", cells.of(node_of)),
        _wide("Nominated Node", cells.of(nominated)),
        _wide("Readiness Gates", cells.of(lambda _: NONE)),
    ],
    "Deployment": [
        Shown("Ready", cells.of(cells.ready)),
        Shown("Up-to-date", cells.field("status", "updatedReplicas", default=0)),
        Shown("Available", cells.field("status", "availableReplicas", default=0)),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "StatefulSet": [Shown("Ready", cells.of(cells.ready)), AGE, *_PODS],
    "ReplicaSet": [
        _number("Desired", "spec", "replicas"),
        _number("Current", "status", "replicas"),
        _number("Ready", "status", "readyReplicas"),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "DaemonSet": [
        _number("Desired", "status", "desiredNumberScheduled"),
        _number("Current", "status", "currentNumberScheduled"),
        _number("Ready", "status", "numberReady"),
        _number("Up-to-date", "status", "updatedNumberScheduled"),
        _number("Available", "status", "numberAvailable"),
        Shown(
            "Node Selector",
            cells.of(
                lambda obj: (
                    selector_text({"matchLabels": cells.pod_spec(obj).get("nodeSelector") or {}}) or NONE
                )
            ),
        ),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "Job": [
        Shown("Status", cells.of(cells.job_status)),
        Shown("Completions", cells.of(cells.completions)),
        Shown("Duration", cells.job_duration),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "CronJob": [
        Shown("Schedule", cells.field("spec", "schedule")),
        Shown("Timezone", cells.field("spec", "timeZone")),
        Shown("Suspend", cells.of(lambda obj: str(obj["spec"].get("suspend", False))), "boolean"),
        Shown("Active", cells.of(lambda obj: len((obj.get("status") or {}).get("active") or [])), "integer"),
        Shown("Last Schedule", cells.ago("status", "lastScheduleTime", never=NONE)),
        AGE,
        *_PODS,
        _wide("Selector", cells.of(lambda _: NONE)),
    ],
    "Service": [
        Shown("Type", cells.field("spec", "type")),
        Shown("Cluster-IP", cells.field("spec", "clusterIP")),
        Shown("External-IP", cells.of(cells.external)),
        Shown("Port(s)", cells.of(cells.ports)),
        AGE,
        _SELECTOR,
    ],
    "EndpointSlice": [
        Shown("AddressType", cells.field("addressType")),
        Shown("Ports", cells.of(cells.slice_ports)),
        Shown("Endpoints", cells.of(cells.slice_addresses)),
        AGE,
    ],
    "ControllerRevision": [
        Shown("Controller", cells.of(cells.controller)),
        Shown("Revision", cells.field("revision", default=0)),
        AGE,
    ],
    "StorageClass": [
        Shown("Provisioner", cells.field("provisioner")),
        Shown("ReclaimPolicy", cells.field("reclaimPolicy", default="Delete")),
        Shown("VolumeBindingMode", cells.field("volumeBindingMode", default="Immediate")),
        Shown("AllowVolumeExpansion", cells.field("allowVolumeExpansion", default=False)),
        AGE,
    ],
    "PriorityClass": [
        Shown("Value", cells.field("value", default=0)),
        Shown("Global-Default", cells.field("globalDefault", default=False)),
        AGE,
        Shown("PreemptionPolicy", cells.field("preemptionPolicy", default="PreemptLowerPriority")),
    ],
    "IngressClass": [
        Shown("Controller", cells.field("spec", "controller")),
        Shown("Parameters", cells.of(cells.parameters)),
        AGE,
    ],
    "ConfigMap": [Shown("Data", cells.count("data")), AGE],
    "Secret": [Shown("Type", cells.field("type")), Shown("Data", cells.count("data")), AGE],
    "Namespace": [Shown("Status", cells.field("status", "phase")), AGE],
    "Node": [
        Shown("Status", cells.of(cells.node_status)),
        Shown("Roles", cells.of(lambda _: NONE)),
        AGE,
        Shown("Version", cells.field("status", "nodeInfo", "kubeletVersion")),
        _wide("Internal-IP", cells.node_address("InternalIP")),
        _wide("External-IP", cells.node_address("ExternalIP")),
        _wide("OS-Image", cells.field("status", "nodeInfo", "osImage", default="<unknown>")),
        _wide("Kernel-Version", cells.of(cells.node_kernel)),
        _wide(
            "Container-Runtime",
            cells.field("status", "nodeInfo", "containerRuntimeVersion", default="<unknown>"),
        ),
    ],
    "Ingress": [
        Shown("Class", cells.field("spec", "ingressClassName")),
        Shown("Hosts", cells.of(cells.hosts)),
        Shown("Address", cells.of(cells.addresses)),
        Shown("Ports", cells.of(lambda obj: "80, 443" if obj["spec"].get("tls") else "80")),
        AGE,
    ],
    "NetworkPolicy": [Shown("Pod-Selector", cells.of(cells.selected)), AGE],
    "PersistentVolumeClaim": [
        Shown("Status", cells.of(cells.disk_phase)),
        Shown("Volume", cells.field("spec", "volumeName", default="")),
        Shown("Capacity", cells.field("status", "capacity", "storage", default="")),
        Shown("Access Modes", cells.modes("status")),
        Shown("StorageClass", cells.field("spec", "storageClassName", default="")),
        Shown("VolumeAttributesClass", cells.field("spec", "volumeAttributesClassName", default="<unset>")),
        AGE,
        _wide("VolumeMode", cells.field("spec", "volumeMode")),
    ],
    "PersistentVolume": [
        Shown("Capacity", cells.field("spec", "capacity", "storage", default="")),
        Shown("Access Modes", cells.modes("spec")),
        Shown("Reclaim Policy", cells.field("spec", "persistentVolumeReclaimPolicy", default="")),
        Shown("Status", cells.of(cells.disk_phase)),
        Shown("Claim", cells.of(cells.claim_of)),
        Shown("StorageClass", cells.field("spec", "storageClassName", default="")),
        Shown("VolumeAttributesClass", cells.field("spec", "volumeAttributesClassName", default="<unset>")),
        Shown("Reason", cells.field("status", "reason", default="")),
        AGE,
        _wide("VolumeMode", cells.field("spec", "volumeMode")),
    ],
    "HorizontalPodAutoscaler": [
        Shown("Reference", cells.of(cells.reference)),
        Shown("Targets", cells.of(cells.targets)),
        Shown("MinPods", cells.of(lambda obj: str(obj["spec"].get("minReplicas", "<unset>")))),
        Shown("MaxPods", cells.field("spec", "maxReplicas")),
        Shown("Replicas", cells.field("status", "currentReplicas", default=0)),
        AGE,
    ],
    "PodDisruptionBudget": [
        Shown("Min Available", cells.of(lambda obj: str(obj["spec"].get("minAvailable", "N/A")))),
        Shown("Max Unavailable", cells.of(lambda obj: str(obj["spec"].get("maxUnavailable", "N/A")))),
        _number("Allowed Disruptions", "status", "disruptionsAllowed"),
        AGE,
    ],
    "ResourceQuota": [
        Shown("Request", cells.quota(limits=False)),
        Shown("Limit", cells.quota(limits=True)),
        AGE,
    ],
    "Lease": [Shown("Holder", cells.field("spec", "holderIdentity", default="")), AGE],
    "Event": [
        Shown("Last Seen", cells.event_last),
        Shown("Type", cells.field("type", default="")),
        Shown("Reason", cells.field("reason", default="")),
        Shown("Object", cells.of(cells.event_object)),
        _wide("Subobject", cells.field("involvedObject", "fieldPath", default="")),
        _wide("Source", cells.of(cells.event_source)),
        Shown("Message", cells.of(lambda event: str(event.get("message", "")).strip())),
        _wide("First Seen", cells.event_first),
        _wide("Count", cells.field("count", default=0)),
        _wide("Name", cells.field("metadata", "name")),
    ],
    "Role": [CREATED],
    "ClusterRole": [CREATED],
    "LimitRange": [CREATED],
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "CustomResourceDefinition": [
        Shown("Scope", cells.field("spec", "scope")),
        Shown("Versions", cells.of(lambda obj: ",".join(each["name"] for each in obj["spec"]["versions"]))),
        CREATED,
        _wide("Group", cells.field("spec", "group")),
        _wide("Kind", cells.field("spec", "names", "kind")),
        _wide("ShortNames", cells.of(lambda obj: ",".join(obj["spec"]["names"].get("shortNames") or []))),
        _wide("Established", cells.of(cells.established), "boolean"),
    ],
}
"""Kind -> what stands after its name; of events there is nothing before."""
