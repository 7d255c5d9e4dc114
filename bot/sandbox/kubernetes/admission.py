"""What the API server adds to a new object on its own account, and no field manager owns.

The registries' strategies and the built-in admission plugins: ServiceAccount, Priority, DefaultTolerationSeconds,
LimitRanger, StorageObjectInUseProtection. What stands for fields that a client left out is in defaults.py.
"""

from typing import Any

from bot.sandbox.kubernetes import limits
from bot.sandbox.kubernetes.addresses import allocate
from bot.sandbox.kubernetes.defaults import TEMPLATE_GENERATION
from bot.sandbox.kubernetes.errors import Subject, forbidden
from bot.sandbox.kubernetes.metadata import random_suffix
from bot.sandbox.kubernetes.storage import Key, Storage

Object = dict[str, Any]

PODS = Subject("", "pods", "Pod")
SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""The classes that there always are."""
NODE_TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""Taints that a pod tolerates for five minutes, unless it says otherwise."""
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder in the container
TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - begins its name
CLAIM_FINALIZER = "kubernetes.io/pvc-protection"

BLANK: dict[str, Object] = {
    "Pod": {"phase": "Pending"},
    "PersistentVolumeClaim": {"phase": "Pending"},
    "Namespace": {"phase": "Active"},
    "Service": {"loadBalancer": {}},
    "Ingress": {"loadBalancer": {}},
    "ReplicaSet": {"replicas": 0},
    "StatefulSet": {"replicas": 0, "availableReplicas": 0},
    "DaemonSet": dict.fromkeys(
        ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"), 0
    ),
    "PodDisruptionBudget": dict.fromkeys(
        ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"), 0
    ),
    "HorizontalPodAutoscaler": {"desiredReplicas": 0},
    "autoscaling/v1/HorizontalPodAutoscaler": {"currentReplicas": 0, "desiredReplicas": 0},
}
"""The status of what nobody has looked after yet, where there is anything in it."""


def admit(storage: Storage, kind: str, obj: Object) -> None:
    """Complete a new object of a built-in kind in place.

    Raises: ApiError 403 for a pod whose account or priority class is missing, or for what breaks a limit.
    """
    obj.setdefault("status", {**BLANK.get(f"{obj['apiVersion']}/{kind}", BLANK.get(kind, {}))})
    match kind:
        case "Pod":
            admit_pod(storage, obj)
        case "Job":
            _own_selector(obj)
        case "Service":
            allocate(storage, obj, None)
        case "PersistentVolumeClaim":
            if (why := limits.claim_refusal(storage, obj)) is not None:
                raise forbidden(Subject("", "persistentvolumeclaims", kind, obj["metadata"]["name"]), why)
            obj["metadata"]["finalizers"] = [*(obj["metadata"].get("finalizers") or []), CLAIM_FINALIZER]
        case "Namespace":
            obj["spec"] = {"finalizers": ["kubernetes"]}


def admit_change(storage: Storage, kind: str, before: Object, after: Object) -> None:
    """Complete a changed object of a built-in kind in place."""
    if kind == "Service":
        allocate(storage, after, before)
    elif kind == "DaemonSet" and before["spec"]["template"] != after["spec"]["template"]:
        counted = int(before["metadata"]["annotations"][TEMPLATE_GENERATION])
        after["metadata"]["annotations"][TEMPLATE_GENERATION] = str(counted + 1)


def admit_pod(storage: Storage, pod: Object) -> None:
    """Give a new pod its account, that account's token, its priority, tolerations and limits, in place.

    Raises: ApiError 403 where the account or the priority class is missing, or a limit is broken.
    """
    spec, name = pod["spec"], pod["metadata"]["name"]
    about = Subject(PODS.group, PODS.resource, PODS.kind, name)
    namespace = pod["metadata"].get("namespace", "")
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = account
    found = storage.peek(Key("", "serviceaccounts", namespace, account))
    if found is None:
        words = f"error looking up service account {namespace}/{account}"
        raise forbidden(about, f'{words}: serviceaccount "{account}" not found')
    mounts = spec.get("automountServiceAccountToken", found.get("automountServiceAccountToken", True))
    if mounts:
        _mount_token(spec)
    if not spec.get("imagePullSecrets") and found.get("imagePullSecrets"):
        spec["imagePullSecrets"] = found["imagePullSecrets"]
    _prioritise(storage, spec, about)
    tolerations = spec.get("tolerations") or []
    for trouble in NODE_TROUBLES:
        if not any(each.get("key") in (None, "", trouble) for each in tolerations):
            how = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            tolerations.append({"key": trouble, **how})
    spec["tolerations"] = tolerations
    limits.set_limits(storage, pod)
    if (why := limits.pod_refusal(storage, pod)) is not None:
        raise forbidden(about, why)
    pod["status"]["qosClass"] = _quality(spec)


def _mount_token(spec: Object) -> None:
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    volumes = spec.get("volumes") or []
    present = (volume["name"] for volume in volumes if volume["name"].startswith(TOKEN_VOLUME))
    name = next(present, TOKEN_VOLUME + random_suffix())
    mount = {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}
    without = [
        c for c in containers if all(m["mountPath"] != TOKEN_PATH for m in c.get("volumeMounts") or [])
    ]
    for container in without:
        container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
    if without and all(volume["name"] != name for volume in volumes):
        field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
        certificate = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
        sources = [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": certificate},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
        ]
        volume = {"name": name, "projected": {"sources": sources, "defaultMode": 0o644}}
        spec["volumes"] = [*volumes, volume]


def _prioritise(storage: Storage, spec: Object, about: Subject) -> None:
    name, value, policy = spec.get("priorityClassName"), 0, "PreemptLowerPriority"
    if name in SYSTEM_PRIORITIES:
        value = SYSTEM_PRIORITIES[name]
    elif name:
        found = storage.peek(Key("scheduling.k8s.io", "priorityclasses", "", name))
        if found is None:
            raise forbidden(about, f"no PriorityClass with name {name} was found")
        value, policy = found["value"], found.get("preemptionPolicy", policy)
    spec["priority"] = value
    spec.setdefault("preemptionPolicy", policy)


def _quality(spec: Object) -> str:
    """The pod's quality of service class."""
    resources = [container.get("resources") or {} for container in spec.get("containers") or []]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    whole = {"cpu", "memory"}
    even = all(
        whole <= set(r.get("limits") or {}) and (r.get("requests") or r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if even else "Burstable"


def _own_selector(job: Object) -> None:
    """A Job knows its pods by its own uid, unless its author selects them."""
    metadata, spec = job["metadata"], job["spec"]
    described = spec["template"].setdefault("metadata", {})
    if not spec.get("manualSelector"):
        mine = {"batch.kubernetes.io/controller-uid": metadata["uid"]}
        named = {"batch.kubernetes.io/job-name": metadata["name"], "job-name": metadata["name"]}
        spec.setdefault("selector", {"matchLabels": mine})
        described["labels"] = {
            **(described.get("labels") or {}),
            **mine,
            "controller-uid": metadata["uid"],
            **named,
        }
    if not metadata.get("labels") and described.get("labels"):
        metadata["labels"] = {**described["labels"]}
