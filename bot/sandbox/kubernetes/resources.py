"""Which resources the API serves: the kinds of the published schemas, given their plural, scope and verbs.

Schemas know kinds; paths, scope, short names and subresources are facts of Kubernetes' API that they lack,
so they stand here as data. Custom resources join and leave as their definitions do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.kubernetes.errors import Subject
from bot.sandbox.kubernetes.schemas import META, REF, Schemas

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

CLUSTER_SCOPED = frozenset(
    [
        "ComponentStatus",
        "Namespace",
        "Node",
        "PersistentVolume",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "CustomResourceDefinition",
        "APIService",
        "SelfSubjectReview",
        "TokenReview",
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "SubjectAccessReview",
        "CertificateSigningRequest",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "IPAddress",
        "IngressClass",
        "ServiceCIDR",
        "RuntimeClass",
        "ClusterRole",
        "ClusterRoleBinding",
        "DeviceClass",
        "ResourceSlice",
        "PriorityClass",
        "CSIDriver",
        "CSINode",
        "StorageClass",
        "VolumeAttachment",
        "VolumeAttributesClass",
        "ClusterTrustBundle",
        "DeviceTaintRule",
        "StorageVersionMigration",
    ]
)

CREATE_ONLY = frozenset(
    [
        "Binding",
        "SelfSubjectReview",
        "TokenReview",
        "LocalSubjectAccessReview",
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "SubjectAccessReview",
    ]
)
"""Kinds that are questions: posting one answers it, nothing is kept."""

NOT_SERVED = frozenset(["Scale", "Eviction", "TokenRequest", "ComponentStatus"])
"""Kinds that exist only under another resource (or, ComponentStatus, hardly at all)."""

PLURALS = {"Endpoints": "endpoints"}

SHORT_NAMES = {
    "ConfigMap": "cm", "Endpoints": "ep", "Event": "ev", "LimitRange": "limits", "Namespace": "ns",
    "Node": "no", "PersistentVolume": "pv", "PersistentVolumeClaim": "pvc", "Pod": "po",
    "ReplicationController": "rc", "ResourceQuota": "quota", "Service": "svc", "ServiceAccount": "sa",
    "CustomResourceDefinition": "crd crds", "DaemonSet": "ds", "Deployment": "deploy", "ReplicaSet": "rs",
    "StatefulSet": "sts", "HorizontalPodAutoscaler": "hpa", "CronJob": "cj",
    "CertificateSigningRequest": "csr", "Ingress": "ing", "NetworkPolicy": "netpol",
    "PodDisruptionBudget": "pdb", "PriorityClass": "pc", "StorageClass": "sc", "IPAddress": "ip",
    "VolumeAttributesClass": "vac",
}  # fmt: skip

ALL_CATEGORY = frozenset(
    [
        "Pod",
        "ReplicationController",
        "Service",
        "DaemonSet",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "CronJob",
        "Job",
    ]
)
"""What `kubectl get all` means."""

EXTENSIONS = frozenset(
    [
        "APIService",
        "CustomResourceDefinition",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ]
)
"""Kinds that change what the API itself does."""

STATUS = frozenset(
    [
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "ReplicationController",
        "ResourceQuota",
        "Service",
        "CustomResourceDefinition",
        "APIService",
        "DaemonSet",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "CronJob",
        "Job",
        "CertificateSigningRequest",
        "Ingress",
        "PodDisruptionBudget",
        "FlowSchema",
        "ServiceCIDR",
        "ResourceClaim",
        "PriorityLevelConfiguration",
        "ValidatingAdmissionPolicy",
        "VolumeAttachment",
    ]
)
"""Kinds whose status is a subresource: only `/status` changes it, and it changes nothing else."""

SCALE = frozenset(["ReplicationController", "Deployment", "ReplicaSet", "StatefulSet"])

POD_SUBRESOURCES = ("eviction", "ephemeralcontainers", "log", "status")


@dataclass(frozen=True)
class Column:
    """One printed column of a custom resource: its field as a plain path, its type, its priority."""

    name: str
    path: str
    kind: str
    priority: int = 0


@dataclass(frozen=True)
class Resource:
    """One served resource in one version of its group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    definition: str
    """The name of its schema's definition."""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    subresources: tuple[str, ...] = ()
    singular: str = ""
    custom: bool = False
    columns: tuple[Column, ...] = ()
    """What a custom resource's definition prints; built-in kinds have theirs in tables.py."""
    selectable: tuple[str, ...] = ()
    """The fields by which a custom resource's objects may be selected; built-in kinds have theirs in selectors.py."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    def subject(self, name: str = "") -> Subject:
        """What an error about an object of this resource is about."""
        return Subject(self.group, self.plural, self.kind, name)


class Resources:
    """Every resource that one cluster serves."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        for resource in _published(schemas):
            self.add(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_path.values()))

    def add(self, resource: Resource) -> None:
        """Serve a resource from now on (or in its new form)."""
        self._by_path[resource.group, resource.version, resource.plural] = resource

    def remove(self, group: str, plural: str) -> None:
        """Serve a resource no longer, in any version."""
        for path in [path for path in self._by_path if path[0] == group and path[2] == plural]:
            del self._by_path[path]

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource of a path, or None."""
        return self._by_path.get((group, version, plural))

    def kind(self, group: str, kind: str, version: str | None = None) -> Resource | None:
        """The resource of a kind, in that version or in the group's newest."""
        found = [r for r in self if r.group == group and r.kind == kind and version in (None, r.version)]
        return max(found, key=lambda r: version_rank(r.version), default=None)

    def versions(self, group: str) -> list[str]:
        """The group's versions, the preferred one first; empty when there is no such group."""
        return sorted({r.version for r in self if r.group == group}, key=version_rank, reverse=True)

    def groups(self) -> list[str]:
        """The named groups, in order."""
        return sorted({r.group for r in self if r.group})

    def of_version(self, group: str, version: str) -> list[Resource]:
        """A group version's resources, ordered by plural."""
        return sorted((r for r in self if (r.group, r.version) == (group, version)), key=lambda r: r.plural)


def version_rank(version: str) -> tuple[int, int, int]:
    """Kubernetes' order of versions: v2 over v1 over v1beta2 over v1alpha1 over anything else."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (0, 0, 0)
    major, stage, minor = match.groups()
    return ({"alpha": 1, "beta": 2}.get(stage, 3), int(major), int(minor or 0))


def plural_of(kind: str) -> str:
    """The plural by which the API names a kind."""
    if kind in PLURALS:
        return PLURALS[kind]
    name = kind.lower()
    if name.endswith("s"):
        return name + "es"
    return name[:-1] + "ies" if name.endswith("y") else name + "s"


def _published(schemas: Schemas) -> Iterator[Resource]:
    """The stable resources of the published definitions."""
    for name in schemas.names():
        definition = schemas.definition(name)
        kinds = definition.get("x-kubernetes-group-version-kind", [])
        metadata = definition.get("properties", {}).get("metadata", {}).get("$ref")
        if len(kinds) != 1 or metadata != f"{REF}{META}ObjectMeta":
            continue
        group, version, kind = kinds[0]["group"], kinds[0]["version"], kinds[0]["kind"]
        if not re.fullmatch(r"v\d+", version) or kind in NOT_SERVED:
            continue
        yield Resource(
            group,
            version,
            plural_of(kind),
            kind,
            kind not in CLUSTER_SCOPED,
            name,
            short_names=tuple(SHORT_NAMES.get(kind, "").split()),
            categories=_categories(kind),
            verbs=_verbs(kind),
            subresources=_subresources(kind),
            singular=kind.lower(),
        )


def _categories(kind: str) -> tuple[str, ...]:
    if kind in EXTENSIONS:
        return ("api-extensions",)
    return ("all",) if kind in ALL_CATEGORY else ()


def _verbs(kind: str) -> tuple[str, ...]:
    if kind in CREATE_ONLY:
        return ("create",)
    return tuple(verb for verb in VERBS if kind != "Namespace" or verb != "deletecollection")


def _subresources(kind: str) -> tuple[str, ...]:
    if kind == "Pod":
        return POD_SUBRESOURCES
    if kind == "ServiceAccount":
        return ("token",)
    if kind == "Namespace":
        return ("finalize", "status")
    return (("scale",) if kind in SCALE else ()) + (("status",) if kind in STATUS else ())
