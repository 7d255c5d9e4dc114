"""Rules between fields and between an object's old and new state, which schemas cannot tell.

Those that a chart of real life runs into, in the words of Kubernetes' validation; those of workloads and pods
have modules of their own.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import Cause
from bot.sandbox.kubernetes.fields import canonical
from bot.sandbox.kubernetes.naming import (
    duplicate,
    forbidden_field,
    invalid_raw,
    invalid_value,
    required,
    subdomain_refused,
    unsupported,
)
from bot.sandbox.kubernetes.podrules import PORT_RULE, pod_spec_refused
from bot.sandbox.kubernetes.workloadrules import (
    cron_job_refused,
    daemon_set_refused,
    deployment_refused,
    job_refused,
    replicated_refused,
)

Object = dict[str, Any]

IMMUTABLE = {
    "Deployment": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "completions"), ("spec", "completionMode"), ("spec", "selector")),
    "StatefulSet": (
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        ("spec", "selector"),
        ("spec", "volumeClaimTemplates"),
    ),
    "Secret": (("type",),),
    "StorageClass": (("parameters",), ("provisioner",), ("reclaimPolicy",)),
}
"""Kind -> the fields that never change once they are set."""

SEALED = {
    "PersistentVolumeClaim": (
        "resources volumeName volumeAttributesClassName",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
        "claims",
    ),
    "Pod": (
        "containers initContainers activeDeadlineSeconds tolerations terminationGracePeriodSeconds nodeName "
        "ephemeralContainers",
        "pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
        "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
        "previously negative)",
    ),
}
"""Kind -> the only fields of its spec that may change, and the sentence that says so."""

CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
CONFIG_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
NODE_PORTS = range(30_000, 32_768)
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
SECRET_KEYS = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
"""What a Secret of that type must hold."""


def changes_refused(kind: str, before: Object, after: Object) -> Iterator[Cause]:
    """What an update may not do."""
    for path in IMMUTABLE.get(kind, ()):
        old, new = _at(before, path), _at(after, path)
        if old != new and (old or kind == "StatefulSet"):
            yield invalid_raw(".".join(path), canonical(new), "field is immutable")
    if kind in SEALED:
        free, sentence = SEALED[kind]
        if kind == "PersistentVolumeClaim" and (before.get("status") or {}).get("phase") != "Bound":
            free = "volumeName"
        if _sealed(before, free) != _sealed(after, free):
            yield forbidden_field("spec", sentence)
    if kind == "Job" and before["spec"]["template"] != after["spec"]["template"]:
        place = "spec.template.spec" if before["spec"].get("suspend") else "spec.template"
        yield invalid_raw(place, canonical(after["spec"]["template"]), "field is immutable")
    if kind == "Service":
        yield from _kept_address(before["spec"], after["spec"])
    if kind in ("RoleBinding", "ClusterRoleBinding") and before.get("roleRef") != after.get("roleRef"):
        role = after.get("roleRef") or {}
        told = (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
        shown = ",".join(f'"{field}":{canonical(role.get(name, ""))}' for field, name in told)
        yield invalid_raw("roleRef", f"{{{shown}}}", "field is immutable")
    if kind in ("ConfigMap", "Secret") and before.get("immutable"):
        if not after.get("immutable"):
            yield forbidden_field("immutable", "field is immutable when `immutable` is set")
        for name in ("data", "binaryData"):
            if before.get(name) != after.get(name):
                yield forbidden_field(name, "field is immutable when `immutable` is set")


def _kept_address(before: Object, after: Object) -> Iterator[Cause]:
    old, new = before.get("clusterIP"), after.get("clusterIP")
    if old and old != new and after.get("type") != "ExternalName":
        yield invalid_raw("spec.clusterIPs[0]", canonical([new]), "may not change once set")


def _sealed(obj: Object, free: str) -> Object:
    return {name: value for name, value in (obj.get("spec") or {}).items() if name not in free.split()}


def _at(obj: Object, path: tuple[str, ...]) -> Any:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def state_refused(kind: str, obj: Object) -> Iterator[Cause]:
    """What an object of that kind may not be."""
    refused = _RULES.get(kind)
    if refused is not None:
        yield from refused(obj)


def _pod(obj: Object) -> Iterator[Cause]:
    yield from pod_spec_refused(obj.get("spec") or {}, "spec")


def _service(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    kind, ports = spec.get("type"), spec.get("ports") or []
    if kind not in SERVICE_TYPES:
        yield unsupported("spec.type", kind, SERVICE_TYPES)
        return
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if kind == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    taken: set[tuple[Any, Any]] = set()
    for number, port in enumerate(ports):
        at = f"spec.ports[{number}]"
        if len(ports) > 1 and not port.get("name"):
            yield required(f"{at}.name")
        for name in ("port", "targetPort"):
            if isinstance(value := port.get(name), int) and not 0 < value < 65_536:
                yield invalid_value(f"{at}.{name}", value, PORT_RULE)
        if (given := port.get("nodePort")) and given not in NODE_PORTS:
            words = (
                f"provided port is not in the valid range. The range of valid ports is {NODE_PORTS[0]}-"
                f"{NODE_PORTS[-1]}"
            )
            yield invalid_value(f"{at}.nodePort", given, words)
        if (key := (port.get("port"), port.get("protocol"))) in taken:
            told = {"Name": "", "Protocol": key[1], "AppProtocol": None, "Port": key[0]}
            shown = ",".join(f'"{name}":{canonical(value)}' for name, value in told.items())
            yield duplicate(at, f'{{{shown},"TargetPort":0,"NodePort":0}}')
        taken.add(key)


def _claim(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        yield required("spec.resources[storage]")


def _ingress(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid_value("spec", None, "either `defaultBackend` or `rules` must be specified")
    for number, rule in enumerate(spec.get("rules") or []):
        if host := rule.get("host"):
            yield from subdomain_refused(f"spec.rules[{number}].host", host.removeprefix("*."))
        for at, path in enumerate((rule.get("http") or {}).get("paths") or []):
            if not path.get("pathType"):
                where = f"spec.rules[{number}].http.paths[{at}].pathType"
                yield required(where, "pathType must be specified")


def _autoscaler(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if most < least:
        words = "must be greater than or equal to `minReplicas`"
        yield invalid_value("spec.maxReplicas", most, words)
    target = spec.get("scaleTargetRef") or {}
    for name in ("kind", "name"):
        if not target.get(name):
            yield required(f"spec.scaleTargetRef.{name}")
    if not target.get("apiVersion"):
        yield invalid_value("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group")
    if not most:
        yield required("spec.maxReplicas")


def _budget(obj: Object) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None and most is not None:
        told = {"MinAvailable": least, "Selector": spec.get("selector"), "MaxUnavailable": most}
        told["UnhealthyPodEvictionPolicy"] = spec.get("unhealthyPodEvictionPolicy")
        shown = ",".join(f'"{name}":{canonical(value)}' for name, value in told.items())
        yield invalid_raw("spec", f"{{{shown}}}", "minAvailable and maxUnavailable cannot be both set")


def _config_map(obj: Object) -> Iterator[Cause]:
    for name in ("data", "binaryData"):
        for key in obj.get(name) or {}:
            if not CONFIG_KEY.fullmatch(key):
                yield invalid_value(f"{name}[{key}]", key, CONFIG_KEY_RULE)


def _secret(obj: Object) -> Iterator[Cause]:
    yield from _config_map(obj)
    for key in SECRET_KEYS.get(obj.get("type", ""), ()):
        if key not in (obj.get("data") or {}):
            yield required(f"data[{key}]")


def _role(obj: Object) -> Iterator[Cause]:
    for number, rule in enumerate(obj.get("rules") or []):
        if not rule.get("verbs"):
            yield required(f"rules[{number}].verbs")


_RULES: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "Deployment": deployment_refused,
    "ReplicaSet": replicated_refused,
    "StatefulSet": replicated_refused,
    "DaemonSet": daemon_set_refused,
    "Pod": _pod,
    "Job": job_refused,
    "CronJob": cron_job_refused,
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "Ingress": _ingress,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _budget,
    "ConfigMap": _config_map,
    "Secret": _secret,
    "Role": _role,
    "ClusterRole": _role,
}
