"""The columns of `kubectl get` for the built-in kinds that people look at, as Kubernetes' printers lay them out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.kubernetes.podcells import node_of, nominated, pod_ip, pod_ready, pod_restarts, pod_status
from bot.sandbox.kubernetes.selectors import selector_text

Object = dict[str, Any]
Cell = Callable[[Object, datetime], Any]
NONE = "<none>"


@dataclass(frozen=True)
class Shown:
    """One column: its title, what stands in it, its type and priority (1: only shown by `-o wide`)."""

    title: str
    cell: Cell
    kind: str = "string"
    priority: int = 0


def since(stamp: str | None, now: datetime) -> str:
    """How long ago, as kubectl writes ages: 45s, 5m, 3h12m, 2d4h, 40d."""
    if not stamp:
        return "<unknown>"
    then = datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC)
    return duration(max(0, int((now - then).total_seconds())))


def duration(seconds: int) -> str:
    """How long, as kubectl writes it."""
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


def value_at(obj: Any, path: Iterable[str]) -> Any:
    """What stands at a path; None where it ends."""
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj


def _field(*path: str, default: Any = NONE) -> Cell:
    def cell(obj: Object, _now: datetime) -> Any:
        value = value_at(obj, path)
        return default if value in (None, "", {}, []) else value

    return cell


def _ago(*path: str, never: str = "<unknown>") -> Cell:
    def cell(obj: Object, now: datetime) -> str:
        stamp = value_at(obj, path)
        return since(stamp, now) if stamp else never

    return cell


def _of(read: Callable[[Object], Any]) -> Cell:
    """A cell that needs no clock."""
    return lambda obj, _now: read(obj)


def _count(name: str) -> Cell:
    return _of(lambda obj: len(obj.get(name) or {}))


def _ready(obj: Object) -> str:
    return f"{(obj.get('status') or {}).get('readyReplicas', 0)}/{(obj.get('spec') or {}).get('replicas', 1)}"


def _pod_spec(obj: Object) -> Object:
    spec: Object = obj.get("spec") or {}
    job: Object = (spec.get("jobTemplate") or {}).get("spec") or spec
    found: Object = (job.get("template") or {}).get("spec") or {}
    return found


def _containers(what: str) -> Cell:
    return _of(lambda obj: ",".join(c.get(what, "") for c in _pod_spec(obj).get("containers") or []))


def _selector(obj: Object) -> str:
    selector = (obj.get("spec") or {}).get("selector")
    known = selector if selector and ("matchLabels" in selector or "matchExpressions" in selector) else None
    return selector_text(known or {"matchLabels": selector or {}}) or NONE


def _ports(service: Object) -> str:
    ports = (service.get("spec") or {}).get("ports") or []
    written = [
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}"
        for p in ports
    ]
    return ",".join(written) or NONE


def _addresses(obj: Object) -> str:
    ingress = value_at(obj, ("status", "loadBalancer", "ingress")) or []
    return ",".join(str(each.get("ip") or each.get("hostname")) for each in ingress)


def _external(service: Object) -> str:
    spec = service["spec"]
    found = ",".join(filter(None, [_addresses(service), *(spec.get("externalIPs") or [])]))
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", NONE))
    return found or ("<pending>" if spec.get("type") == "LoadBalancer" else NONE)


def _job_status(job: Object) -> str:
    conditions = (job.get("status") or {}).get("conditions") or []
    true = {condition["type"] for condition in conditions if condition["status"] == "True"}
    names = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
    found = next((name for name in names if name in true), "Running")
    if job["metadata"].get("deletionTimestamp") and found not in ("Complete", "Failed"):
        return "Terminating"
    return found


def _completions(job: Object) -> str:
    succeeded, spec = (job.get("status") or {}).get("succeeded", 0), job["spec"]
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallel = spec.get("parallelism", 1)
    return f"{succeeded}/1 of {parallel}" if parallel > 1 else f"{succeeded}/1"


def _job_duration(job: Object, now: datetime) -> str:
    status = job.get("status") or {}
    if not status.get("startTime"):
        return ""
    end = status.get("completionTime")
    return since(status["startTime"], datetime.fromisoformat(end) if end else now)


def _node_status(node: Object) -> str:
    conditions = (node.get("status") or {}).get("conditions") or []
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    cordoned = ",SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else ""
    return ("Ready" if ready else "NotReady") + cordoned


def _node_address(kind: str) -> Cell:
    def read(node: Object) -> str:
        addresses = (node.get("status") or {}).get("addresses") or []
        return next((str(each["address"]) for each in addresses if each["type"] == kind), NONE)

    return _of(read)


def _node_kernel(node: Object) -> str:
    info = (node.get("status") or {}).get("nodeInfo") or {}
    machine = f" ({info['architecture']})" if info.get("architecture") else ""
    return f"{info.get('kernelVersion') or '<unknown>'}{machine}"


def _hosts(ingress: Object) -> str:
    hosts = [r["host"] for r in (ingress.get("spec") or {}).get("rules") or [] if r.get("host")]
    return ",".join(hosts) or "*"


def _event_object(event: Object) -> str:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _event_source(event: Object) -> str:
    source = event.get("source") or {}
    return ", ".join(
        filter(None, (source.get("component") or event.get("reportingComponent"), source.get("host")))
    )


def _event_last(event: Object, now: datetime) -> str:
    return since(event.get("lastTimestamp") or event.get("eventTime"), now)


def _event_first(event: Object, now: datetime) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def _role(binding: Object) -> str:
    return f"{binding['roleRef']['kind']}/{binding['roleRef']['name']}"


def _subjects(kind: str) -> Cell:
    def read(binding: Object) -> str:
        named = [each for each in binding.get("subjects") or [] if each.get("kind") == kind]
        return ", ".join(
            f"{each['namespace']}/{each['name']}" if kind == "ServiceAccount" else each["name"]
            for each in named
        )

    return _of(read)


def _reference(autoscaler: Object) -> str:
    target = (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}
    return f"{target.get('kind')}/{target.get('name')}"


def _targets(autoscaler: Object) -> str:
    spec = autoscaler.get("spec") or {}
    told = []
    for metric in spec.get("metrics") or []:
        resource = metric.get("resource")
        if resource is None:
            continue
        target = resource.get("target") or {}
        wanted = target.get("averageValue") or f"{target.get('averageUtilization', 0)}%"
        told.append(f"{resource['name']}: <unknown>/{wanted}")
    return ", ".join(told) or NONE


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(place: str) -> Cell:
    def read(obj: Object) -> str:
        return ",".join(_MODES.get(mode, mode) for mode in (obj.get(place) or {}).get("accessModes") or [])

    return _of(read)


def _claim_of(volume: Object) -> str:
    claim = (volume.get("spec") or {}).get("claimRef") or {}
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def _quota(limits: bool) -> Cell:
    def read(quota: Object) -> str:
        status = quota.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        names = sorted(name for name in hard if name.startswith("limits.") is limits)
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return _of(read)


def _established(definition: Object) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _selected(policy: Object) -> str:
    return selector_text((policy.get("spec") or {}).get("podSelector") or {}) or NONE


def _wide(title: str, cell: Cell, kind: str = "string") -> Shown:
    return Shown(title, cell, kind, 1)


NAME = Shown("Name", _field("metadata", "name"))
AGE = Shown("Age", _ago("metadata", "creationTimestamp"))
CREATED = Shown("Created At", _field("metadata", "creationTimestamp"), "date")
_PODS = [_wide("Containers", _containers("name")), _wide("Images", _containers("image"))]
_SELECTOR = _wide("Selector", _of(_selector))
_BINDING = [
    Shown("Role", _of(_role)),
    AGE,
    _wide("Users", _subjects("User")),
    _wide("Groups", _subjects("Group")),
    _wide("ServiceAccounts", _subjects("ServiceAccount")),
]


def _number(title: str, *path: str) -> Shown:
    return Shown(title, _field(*path, default=0), "integer")


COLUMNS: dict[str, list[Shown]] = {
    "Pod": [
        Shown("Ready", _of(pod_ready)),
        Shown("Status", _of(pod_status)),
        Shown("Restarts", lambda pod, now: pod_restarts(pod, lambda stamp: since(stamp, now))),
        AGE,
        _wide("IP", _of(pod_ip)),
        _wide("Node", _of(node_of)),
        _wide("Nominated Node", _of(nominated)),
        _wide("Readiness Gates", _of(lambda _: NONE)),
    ],
    "Deployment": [
        Shown("Ready", _of(_ready)),
        Shown("Up-to-date", _field("status", "updatedReplicas", default=0)),
        Shown("Available", _field("status", "availableReplicas", default=0)),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "StatefulSet": [Shown("Ready", _of(_ready)), AGE, *_PODS],
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
            _of(lambda obj: selector_text({"matchLabels": _pod_spec(obj).get("nodeSelector") or {}}) or NONE),
        ),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "Job": [
        Shown("Status", _of(_job_status)),
        Shown("Completions", _of(_completions)),
        Shown("Duration", _job_duration),
        AGE,
        *_PODS,
        _SELECTOR,
    ],
    "CronJob": [
        Shown("Schedule", _field("spec", "schedule")),
        Shown("Timezone", _field("spec", "timeZone")),
        Shown("Suspend", _of(lambda obj: str(obj["spec"].get("suspend", False))), "boolean"),
        Shown("Active", _of(lambda obj: len((obj.get("status") or {}).get("active") or [])), "integer"),
        Shown("Last Schedule", _ago("status", "lastScheduleTime", never=NONE)),
        AGE,
        *_PODS,
        _wide("Selector", _of(lambda _: NONE)),
    ],
    "Service": [
        Shown("Type", _field("spec", "type")),
        Shown("Cluster-IP", _field("spec", "clusterIP")),
        Shown("External-IP", _of(_external)),
        Shown("Port(s)", _of(_ports)),
        AGE,
        _SELECTOR,
    ],
    "ConfigMap": [Shown("Data", _count("data")), AGE],
    "Secret": [Shown("Type", _field("type")), Shown("Data", _count("data")), AGE],
    "Namespace": [Shown("Status", _field("status", "phase")), AGE],
    "Node": [
        Shown("Status", _of(_node_status)),
        Shown("Roles", _of(lambda _: NONE)),
        AGE,
        Shown("Version", _field("status", "nodeInfo", "kubeletVersion")),
        _wide("Internal-IP", _node_address("InternalIP")),
        _wide("External-IP", _node_address("ExternalIP")),
        _wide("OS-Image", _field("status", "nodeInfo", "osImage", default="<unknown>")),
        _wide("Kernel-Version", _of(_node_kernel)),
        _wide(
            "Container-Runtime", _field("status", "nodeInfo", "containerRuntimeVersion", default="<unknown>")
        ),
    ],
    "Ingress": [
        Shown("Class", _field("spec", "ingressClassName")),
        Shown("Hosts", _of(_hosts)),
        Shown("Address", _of(_addresses)),
        Shown("Ports", _of(lambda obj: "80, 443" if obj["spec"].get("tls") else "80")),
        AGE,
    ],
    "NetworkPolicy": [Shown("Pod-Selector", _of(_selected)), AGE],
    "PersistentVolumeClaim": [
        Shown("Status", _field("status", "phase")),
        Shown("Volume", _field("spec", "volumeName", default="")),
        Shown("Capacity", _field("status", "capacity", "storage", default="")),
        Shown("Access Modes", _modes("status")),
        Shown("StorageClass", _field("spec", "storageClassName", default="")),
        Shown("VolumeAttributesClass", _field("spec", "volumeAttributesClassName", default="<unset>")),
        AGE,
        _wide("VolumeMode", _field("spec", "volumeMode")),
    ],
    "PersistentVolume": [
        Shown("Capacity", _field("spec", "capacity", "storage", default="")),
        Shown("Access Modes", _modes("spec")),
        Shown("Reclaim Policy", _field("spec", "persistentVolumeReclaimPolicy", default="")),
        Shown("Status", _field("status", "phase", default="")),
        Shown("Claim", _of(_claim_of)),
        Shown("StorageClass", _field("spec", "storageClassName", default="")),
        Shown("VolumeAttributesClass", _field("spec", "volumeAttributesClassName", default="<unset>")),
        Shown("Reason", _field("status", "reason", default="")),
        AGE,
        _wide("VolumeMode", _field("spec", "volumeMode")),
    ],
    "HorizontalPodAutoscaler": [
        Shown("Reference", _of(_reference)),
        Shown("Targets", _of(_targets)),
        Shown("MinPods", _of(lambda obj: str(obj["spec"].get("minReplicas", "<unset>")))),
        Shown("MaxPods", _field("spec", "maxReplicas")),
        Shown("Replicas", _field("status", "currentReplicas", default=0)),
        AGE,
    ],
    "PodDisruptionBudget": [
        Shown("Min Available", _of(lambda obj: str(obj["spec"].get("minAvailable", "N/A")))),
        Shown("Max Unavailable", _of(lambda obj: str(obj["spec"].get("maxUnavailable", "N/A")))),
        _number("Allowed Disruptions", "status", "disruptionsAllowed"),
        AGE,
    ],
    "ResourceQuota": [Shown("Request", _quota(limits=False)), Shown("Limit", _quota(limits=True)), AGE],
    "Lease": [Shown("Holder", _field("spec", "holderIdentity", default="")), AGE],
    "Event": [
        Shown("Last Seen", _event_last),
        Shown("Type", _field("type", default="")),
        Shown("Reason", _field("reason", default="")),
        Shown("Object", _of(_event_object)),
        _wide("Subobject", _field("involvedObject", "fieldPath", default="")),
        _wide("Source", _of(_event_source)),
        Shown("Message", _of(lambda event: str(event.get("message", "")).strip())),
        _wide("First Seen", _event_first),
        _wide("Count", _field("count", default=0)),
        _wide("Name", _field("metadata", "name")),
    ],
    "Role": [CREATED],
    "ClusterRole": [CREATED],
    "LimitRange": [CREATED],
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "CustomResourceDefinition": [
        Shown("Scope", _field("spec", "scope")),
        Shown("Versions", _of(lambda obj: ",".join(each["name"] for each in obj["spec"]["versions"]))),
        CREATED,
        _wide("Group", _field("spec", "group")),
        _wide("Kind", _field("spec", "names", "kind")),
        _wide("ShortNames", _of(lambda obj: ",".join(obj["spec"]["names"].get("shortNames") or []))),
        _wide("Established", _of(_established), "boolean"),
    ],
}
"""Kind -> what stands after its name; of events there is nothing before."""
