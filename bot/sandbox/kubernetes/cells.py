"""What stands in the columns of `kubectl get`, worked out of an object as Kubernetes' printers do."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bot.sandbox.kubernetes.selectors import selector_text

Object = dict[str, Any]
Cell = Callable[[Object, datetime], Any]
"""What stands in a column: of an object, at a time."""
NONE = "<none>"


def since(stamp: str | None, now: datetime) -> str:
    """How long ago, as kubectl writes ages: 45s, 5m, 3h12m, 2d4h, 40d."""
    if not stamp:
        return "<unknown>"
    return duration(max(0, int((now - _moment(stamp)).total_seconds())))


@lru_cache(maxsize=4096)
def _moment(stamp: str) -> datetime:
    """The time of a stamp; many objects of a list have the same."""
    return datetime.fromisoformat(stamp).astimezone(UTC)


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


def field(*path: str, default: Any = NONE) -> Cell:
    def cell(obj: Object, _now: datetime) -> Any:
        value = value_at(obj, path)
        return default if value in (None, "", {}, []) else value

    return cell


def ago(*path: str, never: str = "<unknown>") -> Cell:
    def cell(obj: Object, now: datetime) -> str:
        stamp = value_at(obj, path)
        return since(stamp, now) if stamp else never

    return cell


def of(read: Callable[[Object], Any]) -> Cell:
    """A cell that needs no clock."""
    return lambda obj, _now: read(obj)


DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def name(obj: Object) -> str:
    """The object's name; the storage class that claims get by default says so."""
    metadata = obj["metadata"]
    default = (metadata.get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    return f"{metadata['name']} (default)" if default else str(metadata["name"])


def slice_ports(endpoints: Object) -> str:
    """The ports of an EndpointSlice, as many as there is room for."""
    return _few([str(each.get("port") or "*") for each in endpoints.get("ports") or []], unset="<unset>")


def slice_addresses(endpoints: Object) -> str:
    """The addresses of an EndpointSlice, as many as there is room for."""
    listed = endpoints.get("endpoints") or []
    return _few([address for each in listed for address in each["addresses"]], unset="<unset>")


def _few(words: list[str], *, unset: str) -> str:
    if not words:
        return unset
    return ",".join(words[:3]) + (f" + {len(words) - 3} more..." if len(words) > 3 else "")


def controller(obj: Object) -> str:
    """Who controls an object, as `statefulset.apps/db`."""
    owners = obj["metadata"].get("ownerReferences") or []
    owner = next((each for each in owners if each.get("controller")), None)
    if owner is None:
        return NONE
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"


def parameters(ingress_class: Object) -> str:
    """Where an IngressClass has its parameters, as `kind.group/name`."""
    found = (ingress_class.get("spec") or {}).get("parameters")
    if not found:
        return NONE
    group = f".{found['apiGroup']}" if found.get("apiGroup") else ""
    return f"{found['kind']}{group}/{found['name']}"


def count(name: str) -> Cell:
    return of(lambda obj: len(obj.get(name) or {}))


def ready(obj: Object) -> str:
    return f"{(obj.get('status') or {}).get('readyReplicas', 0)}/{(obj.get('spec') or {}).get('replicas', 1)}"


def pod_spec(obj: Object) -> Object:
    spec: Object = obj.get("spec") or {}
    job: Object = (spec.get("jobTemplate") or {}).get("spec") or spec
    found: Object = (job.get("template") or {}).get("spec") or {}
    return found


def containers(what: str) -> Cell:
    return of(lambda obj: ",".join(c.get(what, "") for c in pod_spec(obj).get("containers") or []))


def selector(obj: Object) -> str:
    selector = (obj.get("spec") or {}).get("selector")
    known = selector if selector and ("matchLabels" in selector or "matchExpressions" in selector) else None
    return selector_text(known or {"matchLabels": selector or {}}) or NONE


def ports(service: Object) -> str:
    ports = (service.get("spec") or {}).get("ports") or []
    written = [
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}"
        for p in ports
    ]
    return ",".join(written) or NONE


def addresses(obj: Object) -> str:
    ingress = value_at(obj, ("status", "loadBalancer", "ingress")) or []
    return ",".join(str(each.get("ip") or each.get("hostname")) for each in ingress)


def external(service: Object) -> str:
    spec = service["spec"]
    found = ",".join(filter(None, [addresses(service), *(spec.get("externalIPs") or [])]))
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", NONE))
    return found or ("<pending>" if spec.get("type") == "LoadBalancer" else NONE)


def job_status(job: Object) -> str:
    conditions = (job.get("status") or {}).get("conditions") or []
    true = {condition["type"] for condition in conditions if condition["status"] == "True"}
    names = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
    found = next((name for name in names if name in true), "Running")
    if job["metadata"].get("deletionTimestamp") and found not in ("Complete", "Failed"):
        return "Terminating"
    return found


def completions(job: Object) -> str:
    succeeded, spec = (job.get("status") or {}).get("succeeded", 0), job["spec"]
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallel = spec.get("parallelism", 1)
    return f"{succeeded}/1 of {parallel}" if parallel > 1 else f"{succeeded}/1"


def job_duration(job: Object, now: datetime) -> str:
    status = job.get("status") or {}
    if not status.get("startTime"):
        return ""
    end = status.get("completionTime")
    return since(status["startTime"], datetime.fromisoformat(end) if end else now)


def node_status(node: Object) -> str:
    conditions = (node.get("status") or {}).get("conditions") or []
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    cordoned = ",SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else ""
    return ("Ready" if ready else "NotReady") + cordoned


def node_address(kind: str) -> Cell:
    def read(node: Object) -> str:
        addresses = (node.get("status") or {}).get("addresses") or []
        return next((str(each["address"]) for each in addresses if each["type"] == kind), NONE)

    return of(read)


def node_kernel(node: Object) -> str:
    info = (node.get("status") or {}).get("nodeInfo") or {}
    machine = f" ({info['architecture']})" if info.get("architecture") else ""
    return f"{info.get('kernelVersion') or '<unknown>'}{machine}"


def hosts(ingress: Object) -> str:
    hosts = [r["host"] for r in (ingress.get("spec") or {}).get("rules") or [] if r.get("host")]
    return ",".join(hosts) or "*"


def event_object(event: Object) -> str:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def event_source(event: Object) -> str:
    source = event.get("source") or {}
    return ", ".join(
        filter(None, (source.get("component") or event.get("reportingComponent"), source.get("host")))
    )


def event_last(event: Object, now: datetime) -> str:
    return since(event.get("lastTimestamp") or event.get("eventTime"), now)


def event_first(event: Object, now: datetime) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def role(binding: Object) -> str:
    return f"{binding['roleRef']['kind']}/{binding['roleRef']['name']}"


def subjects(kind: str) -> Cell:
    def read(binding: Object) -> str:
        named = [each for each in binding.get("subjects") or [] if each.get("kind") == kind]
        return ", ".join(
            f"{each['namespace']}/{each['name']}" if kind == "ServiceAccount" else each["name"]
            for each in named
        )

    return of(read)


def reference(autoscaler: Object) -> str:
    target = (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}
    return f"{target.get('kind')}/{target.get('name')}"


def targets(autoscaler: Object) -> str:
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


def modes(place: str) -> Cell:
    def read(obj: Object) -> str:
        return ",".join(_MODES.get(mode, mode) for mode in (obj.get(place) or {}).get("accessModes") or [])

    return of(read)


def disk_phase(obj: Object) -> str:
    """The phase of a claim or a volume, or that it is going."""
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return str((obj.get("status") or {}).get("phase", ""))


def claim_of(volume: Object) -> str:
    claim = (volume.get("spec") or {}).get("claimRef") or {}
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def quota(limits: bool) -> Cell:
    def read(quota: Object) -> str:
        status = quota.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        names = sorted(name for name in hard if name.startswith("limits.") is limits)
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return of(read)


def established(definition: Object) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def selected(policy: Object) -> str:
    return selector_text((policy.get("spec") or {}).get("podSelector") or {}) or NONE
