"""Rules between fields and between an object's old and new state, which schemas cannot tell.

Those that a chart of real life runs into: immutable fields, selectors that miss their own template, a
container without image, names that occur twice.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import Cause
from bot.sandbox.kubernetes.fields import canonical
from bot.sandbox.kubernetes.selectors import selects

Object = dict[str, Any]

IMMUTABLE = {
    "Deployment": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "selector"), ("spec", "template"), ("spec", "completionMode")),
    "Service": (("spec", "clusterIP"),),
    "Secret": (("type",),),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",)),
}
"""Kind -> the fields that never change once they are set."""

SEALED = {
    "StatefulSet": (
        "replicas ordinals template updateStrategy revisionHistoryLimit "
        "persistentVolumeClaimRetentionPolicy minReadySeconds",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
        "'minReadySeconds' are forbidden",
    ),
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

WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


def changes_refused(kind: str, before: Object, after: Object) -> Iterator[Cause]:
    """What an update may not do."""
    for path in IMMUTABLE.get(kind, ()):
        old, new = _at(before, path), _at(after, path)
        if old not in (None, "", {}) and old != new:
            yield Cause(
                ".".join(path), "FieldValueInvalid", f"Invalid value: {canonical(new)}: field is immutable"
            )
    if kind in SEALED:
        free, sentence = SEALED[kind]
        if _sealed(before, free) != _sealed(after, free):
            yield Cause("spec", "FieldValueForbidden", f"Forbidden: {sentence}")
    if kind in ("RoleBinding", "ClusterRoleBinding") and before.get("roleRef") != after.get("roleRef"):
        words = f"Invalid value: {canonical(after.get('roleRef'))}: cannot change roleRef"
        yield Cause("roleRef", "FieldValueInvalid", words)
    if kind in ("ConfigMap", "Secret") and before.get("immutable"):
        for name in ("data", "binaryData"):
            if before.get(name) != after.get(name):
                words = "Forbidden: field is immutable when `immutable` is set"
                yield Cause(name, "FieldValueForbidden", words)


def _sealed(obj: Object, free: str) -> Object:
    return {name: value for name, value in (obj.get("spec") or {}).items() if name not in free.split()}


def _at(obj: Object, path: tuple[str, ...]) -> Any:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def state_refused(kind: str, obj: Object) -> Iterator[Cause]:
    """What an object of that kind may not be."""
    spec = obj.get("spec") or {}
    if kind in WORKLOADS:
        yield from _workload(spec)
    if kind == "Pod":
        yield from _pod_spec(spec, "spec")
    elif kind in (*WORKLOADS, "Job"):
        yield from _pod_spec((spec.get("template") or {}).get("spec") or {}, "spec.template.spec")
    elif kind == "Service":
        yield from _service(spec)
    if kind == "Job" and (policy := spec["template"]["spec"].get("restartPolicy")) == "Always":
        words = f'Unsupported value: "{policy}": supported values: "OnFailure", "Never"'
        yield Cause("spec.template.spec.restartPolicy", "FieldValueNotSupported", words)


def _workload(spec: Object) -> Iterator[Cause]:
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        words = f"Invalid value: {replicas}: must be greater than or equal to 0"
        yield Cause("spec.replicas", "FieldValueInvalid", words)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    selector = spec.get("selector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        words = f"Invalid value: {canonical(selector)}: empty selector is invalid for this kind"
        yield Cause("spec.selector", "FieldValueInvalid", words)
    elif not selects(selector, labels):
        words = f"Invalid value: {canonical(labels)}: `selector` does not match template `labels`"
        yield Cause("spec.template.metadata.labels", "FieldValueInvalid", words)


def _pod_spec(spec: Object, path: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield Cause(f"{path}.containers", "FieldValueRequired", "Required value")
    names: set[str] = set()
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or []):
            at = f"{path}.{field}[{index}]"
            if not container.get("image"):
                yield Cause(f"{at}.image", "FieldValueRequired", "Required value")
            if container["name"] in names:
                yield Cause(f"{at}.name", "FieldValueDuplicate", f'Duplicate value: "{container["name"]}"')
            names.add(container["name"])
            for number, mount in enumerate(container.get("volumeMounts") or []):
                if mount["name"] not in volumes:
                    words = f'Not found: "{mount["name"]}"'
                    yield Cause(f"{at}.volumeMounts[{number}].name", "FieldValueNotFound", words)


def _service(spec: Object) -> Iterator[Cause]:
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield Cause("spec.ports", "FieldValueRequired", "Required value")
    for index, port in enumerate(ports):
        if not 0 < port["port"] < 65_536:
            words = f"Invalid value: {port['port']}: must be between 1 and 65535, inclusive"
            yield Cause(f"spec.ports[{index}].port", "FieldValueInvalid", words)
        if len(ports) > 1 and not port.get("name"):
            yield Cause(f"spec.ports[{index}].name", "FieldValueRequired", "Required value")
