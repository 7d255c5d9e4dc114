"""What a new cluster holds before anyone uses it: namespaces, the API's own Service, the built-in roles."""

import uuid
from datetime import datetime
from typing import Any

from bot.sandbox.kubernetes.addresses import API_SERVICE_IP
from bot.sandbox.kubernetes.admission import SYSTEM_PRIORITIES
from bot.sandbox.kubernetes.authorization import AUTHENTICATED, MASTERS, RBAC
from bot.sandbox.kubernetes.metadata import new_metadata
from bot.sandbox.kubernetes.storage import Key, Storage

Object = dict[str, Any]

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "patch", "update"]

CORE = [
    "configmaps",
    "endpoints",
    "events",
    "persistentvolumeclaims",
    "pods",
    "pods/log",
    "pods/status",
    "replicationcontrollers",
    "resourcequotas",
    "serviceaccounts",
    "services",
]
APPS = [
    "controllerrevisions",
    "daemonsets",
    "deployments",
    "deployments/scale",
    "replicasets",
    "replicasets/scale",
    "statefulsets",
    "statefulsets/scale",
]


FOR_EVERYBODY = ("system:basic-user", "system:discovery", "system:public-info-viewer")
"""The roles that whoever is known has."""


def seed(storage: Storage, uid: str, at: datetime) -> None:
    """Fill an empty storage. `uid` becomes kube-system's, by which clients know a cluster again."""
    for name in NAMESPACES:
        metadata = new_metadata(name, at=at, labels={"kubernetes.io/metadata.name": name})
        metadata["uid"] = uid if name == "kube-system" else str(uuid.uuid5(uuid.UUID(uid), name))
        body: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        body |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        storage.put(Key("", "namespaces", "", name), body)
        furnish(storage, name, at)
    _api_service(storage, at)
    _priorities(storage, at)
    for name, rules in _cluster_roles().items():
        _put(storage, at, "clusterroles", "ClusterRole", name, {"rules": rules})
    for name, group in (
        ("cluster-admin", MASTERS),
        *((name, AUTHENTICATED) for name in FOR_EVERYBODY),
    ):
        subject = {"kind": "Group", "name": group, "apiGroup": RBAC}
        role = {"kind": "ClusterRole", "name": name, "apiGroup": RBAC}
        _put(
            storage,
            at,
            "clusterrolebindings",
            "ClusterRoleBinding",
            name,
            {"subjects": [subject], "roleRef": role},
        )


def furnish(storage: Storage, namespace: str, at: datetime) -> None:
    """What every namespace gets: its default ServiceAccount and the cluster's certificate."""
    account = Key("", "serviceaccounts", namespace, "default")
    if storage.peek(account) is None:
        metadata = new_metadata("default", namespace, at=at)
        storage.put(account, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    certificate = Key("", "configmaps", namespace, "kube-root-ca.crt")
    if storage.peek(certificate) is None:
        metadata = new_metadata("kube-root-ca.crt", namespace, at=at)
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        storage.put(certificate, {**body, "data": {"ca.crt": ""}})


def _api_service(storage: Storage, at: datetime) -> None:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    spec = {
        "type": "ClusterIP",
        "clusterIP": API_SERVICE_IP,
        "clusterIPs": [API_SERVICE_IP],
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "sessionAffinity": "None",
    }
    metadata = new_metadata("kubernetes", "default", at=at, labels=labels)
    body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    storage.put(Key("", "services", "default", "kubernetes"), {**body, "status": {"loadBalancer": {}}})


def _put(storage: Storage, at: datetime, plural: str, kind: str, name: str, body: Object) -> None:
    metadata = new_metadata(name, at=at, labels={"kubernetes.io/bootstrapping": "rbac-defaults"})
    whole = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **body}
    storage.put(Key(RBAC, plural, "", name), whole)


def _cluster_roles() -> dict[str, list[Object]]:
    """The user-facing roles of Kubernetes, for the groups that charts use."""
    view = _workload_rules(READ, with_secrets=False)
    edit = _workload_rules([*READ, *WRITE], with_secrets=True)
    bindings = [_rule([*READ, *WRITE], [RBAC], ["roles", "rolebindings"])]
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    public = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
    paths = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"]
    return {
        "cluster-admin": [_rule(["*"], ["*"], ["*"]), {"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "admin": [*edit, *bindings],
        "edit": edit,
        "view": view,
        "system:basic-user": [
            _rule(["create"], ["authorization.k8s.io"], reviews),
            _rule(["create"], ["authentication.k8s.io"], ["selfsubjectreviews"]),
        ],
        "system:discovery": [{"verbs": ["get"], "nonResourceURLs": [*paths, *public]}],
        "system:public-info-viewer": [{"verbs": ["get"], "nonResourceURLs": public}],
    }


def _workload_rules(verbs: list[str], *, with_secrets: bool) -> list[Object]:
    return [
        _rule(verbs, [""], [*CORE, *(["secrets", "pods/eviction"] if with_secrets else [])]),
        _rule(READ, [""], ["namespaces"]),
        _rule(verbs, ["apps"], APPS),
        _rule(verbs, ["autoscaling"], ["horizontalpodautoscalers"]),
        _rule(verbs, ["batch"], ["cronjobs", "jobs"]),
        _rule(verbs, ["networking.k8s.io"], ["ingresses", "networkpolicies"]),
        _rule(verbs, ["policy"], ["poddisruptionbudgets"]),
    ]


def _priorities(storage: Storage, at: datetime) -> None:
    for name, value in SYSTEM_PRIORITIES.items():
        body: Object = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
        body |= {"metadata": new_metadata(name, at=at, generation=1), "value": value}
        body |= {"preemptionPolicy": "PreemptLowerPriority"}
        storage.put(Key("scheduling.k8s.io", "priorityclasses", "", name), body)


def _rule(verbs: list[str], groups: list[str], resources: list[str]) -> Object:
    return {"verbs": verbs, "apiGroups": groups, "resources": resources}
