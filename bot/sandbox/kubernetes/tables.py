"""Objects as kubectl's rows: the server-side Table form, and objects reduced to their metadata.

Columns are those of `kubectl get` for the kinds people look at; any other kind has its name and age, and a
custom resource the columns that its definition prints.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.kubernetes.resources import Column, Resource
from bot.sandbox.kubernetes.selectors import selector_text

Object = dict[str, Any]
Cell = Callable[[Object], Any]
Columns = list[tuple[str, str, int, Cell]]
"""Name, type, priority (1: only shown by `-o wide`), and what stands in it."""

NONE = "<none>"


def partial(obj: Object) -> Object:
    """PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(
    resource: Resource, items: list[Object], now: datetime, *, include: str = "Metadata", header: bool = True
) -> Object:
    """A Table of these objects; `include` is what each row carries beside its cells (Metadata, Object, None)."""
    columns = columns_of(resource, now)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": items[0]["metadata"]["resourceVersion"]} if len(items) == 1 else {},
        "columnDefinitions": [_definition(*column) for column in columns] if header else None,
        "rows": [_row(columns, obj, include) for obj in items],
    }


def _definition(name: str, kind: str, priority: int, _cell: Cell) -> Object:
    form = "name" if name == "Name" else ""
    return {"name": name, "type": kind, "format": form, "description": "", "priority": priority}


def _row(columns: Columns, obj: Object, include: str) -> Object:
    row: Object = {"cells": [cell(obj) for _, _, _, cell in columns]}
    if include != "None":
        row["object"] = obj if include == "Object" else partial(obj)
    return row


def columns_of(resource: Resource, now: datetime) -> Columns:
    """The columns of a resource."""
    age: Cell = lambda obj: since(obj["metadata"].get("creationTimestamp"), now)  # noqa: E731
    name: Columns = [("Name", "string", 0, lambda obj: obj["metadata"]["name"])]
    if resource.custom:
        printed = [_custom(column, now) for column in resource.columns]
        return [*name, *(printed or [("Age", "date", 0, age)])]
    known = _COLUMNS.get(resource.kind, [])
    middle: Columns = [(title, "string", priority, cell) for title, priority, cell in known if priority == 0]
    wide: Columns = [(title, "string", priority, cell) for title, priority, cell in known if priority]
    if resource.kind == "Event":
        last: Cell = lambda obj: since(obj.get("lastTimestamp") or obj.get("eventTime"), now)  # noqa: E731
        return [("Last Seen", "string", 0, last), *middle]
    return [*name, *middle, ("Age", "string", 0, age), *wide]


def _custom(column: Column, now: datetime) -> tuple[str, str, int, Cell]:
    def cell(obj: Object) -> Any:
        value = _at(obj, column.path.strip(".").split("."))
        return since(value, now) if column.kind == "date" else value

    return (column.name, column.kind, column.priority, cell)


def since(stamp: str | None, now: datetime) -> str:
    """How long ago, as kubectl writes ages: 45s, 5m, 3h12m, 2d4h, 40d."""
    if not stamp:
        return "<unknown>"
    then = datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC)
    seconds = max(0, int((now - then).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{days}d{hours % 24}h" if days < 8 and hours % 24 else f"{days}d"


def _at(obj: Any, path: list[str]) -> Any:
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj


def _field(*path: str, default: Any = NONE) -> Cell:
    def cell(obj: Object) -> Any:
        value = _at(obj, list(path))
        return default if value in (None, "", {}, []) else value

    return cell


def _count(name: str) -> Cell:
    return lambda obj: len(obj.get(name) or {})


def _ready(of: str = "replicas") -> Cell:
    def cell(obj: Object) -> str:
        status, spec = obj.get("status") or {}, obj.get("spec") or {}
        return f"{status.get('readyReplicas', 0)}/{spec.get(of, 1)}"

    return cell


def _containers(what: str) -> Cell:
    def cell(obj: Object) -> str:
        spec = obj.get("spec") or {}
        pod = (spec.get("template") or {}).get("spec") or spec
        return ",".join(c.get(what, "") for c in pod.get("containers") or [])

    return cell


def _statuses(pod: Object) -> list[Object]:
    return (pod.get("status") or {}).get("containerStatuses") or []


def _pod_ready(pod: Object) -> str:
    return f"{sum(bool(s.get('ready')) for s in _statuses(pod))}/{len(pod['spec'].get('containers') or [])}"


def _restarts(pod: Object) -> str:
    return str(sum(s.get("restartCount", 0) for s in _statuses(pod)))


def pod_status(pod: Object) -> str:
    """The word in kubectl's STATUS column: what holds the pod up, else its phase."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for kind, prefix in (("initContainerStatuses", "Init:"), ("containerStatuses", "")):
        for container in status.get(kind) or []:
            state = container.get("state") or {}
            reason = (state.get("waiting") or {}).get("reason")
            ended = state.get("terminated")
            if reason and reason != "PodInitializing":
                return f"{prefix}{reason}"
            if ended and (ended.get("exitCode") or not prefix):
                return prefix + str(ended.get("reason") or f"ExitCode:{ended.get('exitCode')}")
    return str(status.get("reason") or status.get("phase", "Unknown"))


def _ports(service: Object) -> str:
    ports = (service.get("spec") or {}).get("ports") or []
    written = [
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}"
        for p in ports
    ]
    return ",".join(written) or NONE


def _external(service: Object) -> str:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    found = ",".join(str(i.get("ip") or i.get("hostname")) for i in ingress)
    return found or ("<pending>" if service["spec"].get("type") == "LoadBalancer" else NONE)


def _job_status(job: Object) -> str:
    for condition in (job.get("status") or {}).get("conditions") or []:
        if condition["type"] in ("Complete", "Failed", "Suspended") and condition["status"] == "True":
            return str(condition["type"])
    return "Running"


def _completions(job: Object) -> str:
    return f"{(job.get('status') or {}).get('succeeded', 0)}/{job['spec'].get('completions', 1)}"


def _node_status(node: Object) -> str:
    conditions = (node.get("status") or {}).get("conditions") or []
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    cordoned = ",SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else ""
    return ("Ready" if ready else "NotReady") + cordoned


def _hosts(ingress: Object) -> str:
    hosts = [r.get("host", "*") for r in (ingress.get("spec") or {}).get("rules") or []]
    return ",".join(hosts) or "*"


def _event_object(event: Object) -> str:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _role(binding: Object) -> str:
    return f"{binding['roleRef']['kind']}/{binding['roleRef']['name']}"


def _targets(autoscaler: Object) -> str:
    target = (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}
    return f"{target.get('kind')}/{target.get('name')}"


def _selector(obj: Object) -> str:
    selector = (obj.get("spec") or {}).get("selector")
    known = selector if selector and ("matchLabels" in selector or "matchExpressions" in selector) else None
    return selector_text(known or {"matchLabels": selector or {}}) or NONE


_WORKLOAD_WIDE: list[tuple[str, int, Cell]] = [
    ("Containers", 1, _containers("name")),
    ("Images", 1, _containers("image")),
    ("Selector", 1, _selector),
]
_COLUMNS: dict[str, list[tuple[str, int, Cell]]] = {
    "Pod": [
        ("Ready", 0, _pod_ready),
        ("Status", 0, pod_status),
        ("Restarts", 0, _restarts),
        ("IP", 1, _field("status", "podIP")),
        ("Node", 1, _field("spec", "nodeName")),
        ("Nominated Node", 1, _field("status", "nominatedNodeName")),
        ("Readiness Gates", 1, lambda _: NONE),
    ],
    "Deployment": [
        ("Ready", 0, _ready()),
        ("Up-to-date", 0, _field("status", "updatedReplicas", default=0)),
        ("Available", 0, _field("status", "availableReplicas", default=0)),
        *_WORKLOAD_WIDE,
    ],
    "StatefulSet": [("Ready", 0, _ready()), *_WORKLOAD_WIDE[:2]],
    "ReplicaSet": [
        ("Desired", 0, _field("spec", "replicas", default=0)),
        ("Current", 0, _field("status", "replicas", default=0)),
        ("Ready", 0, _field("status", "readyReplicas", default=0)),
        *_WORKLOAD_WIDE,
    ],
    "DaemonSet": [
        ("Desired", 0, _field("status", "desiredNumberScheduled", default=0)),
        ("Current", 0, _field("status", "currentNumberScheduled", default=0)),
        ("Ready", 0, _field("status", "numberReady", default=0)),
        ("Up-to-date", 0, _field("status", "updatedNumberScheduled", default=0)),
        ("Available", 0, _field("status", "numberAvailable", default=0)),
        *_WORKLOAD_WIDE,
    ],
    "Job": [("Status", 0, _job_status), ("Completions", 0, _completions), *_WORKLOAD_WIDE],
    "CronJob": [
        ("Schedule", 0, _field("spec", "schedule")),
        ("Suspend", 0, lambda obj: str(obj["spec"].get("suspend", False))),
        ("Active", 0, lambda obj: len((obj.get("status") or {}).get("active") or [])),
        ("Last Schedule", 0, _field("status", "lastScheduleTime")),
    ],
    "Service": [
        ("Type", 0, _field("spec", "type")),
        ("Cluster-IP", 0, _field("spec", "clusterIP")),
        ("External-IP", 0, _external),
        ("Port(s)", 0, _ports),
        ("Selector", 1, _selector),
    ],
    "ConfigMap": [("Data", 0, _count("data"))],
    "Secret": [("Type", 0, _field("type")), ("Data", 0, _count("data"))],
    "ServiceAccount": [("Secrets", 0, _count("secrets"))],
    "Namespace": [("Status", 0, _field("status", "phase"))],
    "Node": [
        ("Status", 0, _node_status),
        ("Roles", 0, lambda _: NONE),
        ("Version", 0, _field("status", "nodeInfo", "kubeletVersion")),
    ],
    "Ingress": [
        ("Class", 0, _field("spec", "ingressClassName")),
        ("Hosts", 0, _hosts),
        ("Address", 0, _external),
        ("Ports", 0, lambda obj: "80, 443" if obj["spec"].get("tls") else "80"),
    ],
    "PersistentVolumeClaim": [
        ("Status", 0, _field("status", "phase")),
        ("Volume", 0, _field("spec", "volumeName", default="")),
        ("Capacity", 0, _field("status", "capacity", "storage", default="")),
        ("Access Modes", 0, lambda obj: ",".join(obj["spec"].get("accessModes") or [])),
        ("StorageClass", 0, _field("spec", "storageClassName", default="")),
    ],
    "HorizontalPodAutoscaler": [
        ("Reference", 0, _targets),
        ("MinPods", 0, _field("spec", "minReplicas")),
        ("MaxPods", 0, _field("spec", "maxReplicas")),
        ("Replicas", 0, _field("status", "currentReplicas", default=0)),
    ],
    "PodDisruptionBudget": [
        ("Min Available", 0, _field("spec", "minAvailable", default="N/A")),
        ("Max Unavailable", 0, _field("spec", "maxUnavailable", default="N/A")),
        ("Allowed Disruptions", 0, _field("status", "disruptionsAllowed", default=0)),
    ],
    "Event": [
        ("Type", 0, _field("type", default="")),
        ("Reason", 0, _field("reason", default="")),
        ("Object", 0, _event_object),
        ("Message", 0, _field("message", default="")),
    ],
    "RoleBinding": [("Role", 0, _role)],
    "ClusterRoleBinding": [("Role", 0, _role)],
    "CustomResourceDefinition": [("Created At", 0, _field("metadata", "creationTimestamp"))],
}
