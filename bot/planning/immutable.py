"""Fields that Kubernetes does not let change in place, and objects whose removal loses data.

Source: the validation of each kind in the Kubernetes API reference. A server-side dry run has the last word;
this says it before anything is asked of the cluster, and for objects the person could not dry-run.
"""

from bot.planning.differences import FieldChange, ObjectChange

MUTABLE_STATEFUL = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)
"""All that a StatefulSet's spec lets change."""

IMMUTABLE: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector",),
    "ReplicaSet": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "Job": ("spec.selector", "spec.template", "spec.completionMode", "spec.completions"),
    "Service": ("spec.clusterIP", "spec.clusterIPs"),
    "PersistentVolumeClaim": (
        "spec.accessModes",
        "spec.storageClassName",
        "spec.volumeName",
        "spec.volumeMode",
        "spec.dataSource",
        "spec.selector",
    ),
    "PriorityClass": ("value", "preemptionPolicy"),
    "IngressClass": ("spec.controller",),
    "RuntimeClass": ("handler",),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Secret": ("type",),
}
"""By kind, the fields (and all below them) that can't change in place."""

HOLDS_DATA = frozenset(
    {"PersistentVolumeClaim", "PersistentVolume", "StatefulSet", "CustomResourceDefinition", "Namespace"}
)
"""Kinds whose removal can take data along."""


def cannot_change(change: ObjectChange) -> list[FieldChange]:
    """The changed fields that the API server will refuse to change in place."""
    if change.old is None or change.new is None:
        return []
    return [field for field in change.fields if _is_immutable(change.key.kind, str(field), change)]


def _is_immutable(kind: str, path: str, change: ObjectChange) -> bool:
    if kind == "StatefulSet" and path.startswith("spec."):
        return path.split(".")[1] not in MUTABLE_STATEFUL
    if kind in ("Secret", "ConfigMap") and (change.old or {}).get("immutable"):
        return path.startswith(("data", "binaryData", "stringData"))
    return any(path == field or path.startswith(f"{field}.") for field in IMMUTABLE.get(kind, ()))
