"""What the API server fills in where a client said nothing: the defaults that clients and controllers need.

The published schemas hold none. These are the ones of Kubernetes' `SetDefaults_*` functions that change
what a client prints, waits for or would compute wrongly; the rest stays absent.
"""

import base64
from collections.abc import Callable
from typing import Any

Object = dict[str, Any]

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
RBAC_GROUP = "rbac.authorization.k8s.io"


def set_defaults(kind: str, obj: Object) -> None:
    """Complete an object of a built-in kind in place."""
    default = _DEFAULTS.get(kind)
    if default is not None:
        default(obj)


def _deployment(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), maxUnavailable="25%", maxSurge="25%")
    _template(spec)


def _stateful_set(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), partition=0)
    for claim in spec.get("volumeClaimTemplates") or []:
        _fill(claim, apiVersion="v1", kind="PersistentVolumeClaim")
        _claim(claim)
    _template(spec)


def _daemon_set(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, revisionHistoryLimit=10)
    strategy = spec.setdefault("updateStrategy", {})
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), maxUnavailable=1, maxSurge=0)
    _template(spec)


def _replica_set(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, replicas=1)
    _template(spec)


def _job(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    uid = obj.get("metadata", {}).get("uid")
    if uid is not None and not spec.get("manualSelector"):
        labels = {"batch.kubernetes.io/controller-uid": uid}
        spec.setdefault("selector", {"matchLabels": labels})
        named = {"batch.kubernetes.io/job-name": obj["metadata"]["name"], "job-name": obj["metadata"]["name"]}
        metadata = spec.setdefault("template", {}).setdefault("metadata", {})
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels, "controller-uid": uid, **named}
    _job_spec(spec)


def _job_spec(spec: Object) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    _fill(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _template(spec)


def _cron_job(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, concurrencyPolicy="Allow", suspend=False)
    _fill(spec, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    _template(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))


def _pod(obj: Object) -> None:
    _pod_spec(obj.setdefault("spec", {}))
    _fill(
        obj["spec"],
        serviceAccountName="default",
        serviceAccount=obj["spec"].get("serviceAccountName", "default"),
    )
    _fill(obj.setdefault("status", {}), phase="Pending", qosClass=_quality(obj["spec"]))


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


def _template(owner: Object) -> None:
    template = owner.get("template")
    if isinstance(template, dict):
        _pod_spec(template.setdefault("spec", {}))


def _pod_spec(spec: Object) -> None:
    _fill(spec, restartPolicy="Always", dnsPolicy="ClusterFirst", schedulerName="default-scheduler")
    _fill(spec, terminationGracePeriodSeconds=30)
    spec.setdefault("securityContext", {})
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        _container(container)
    for volume in spec.get("volumes") or []:
        for source in ("secret", "configMap", "projected", "downwardAPI"):
            if isinstance(volume.get(source), dict):
                _fill(volume[source], defaultMode=0o644)


def _container(container: Object) -> None:
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    pinned = "@" in image or tag not in ("", "latest")
    _fill(container, imagePullPolicy="IfNotPresent" if pinned else "Always")
    _fill(container, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File")
    container.setdefault("resources", {})
    _limits_are_requests(container["resources"])
    for port in container.get("ports") or []:
        _fill(port, protocol="TCP")
    for name in PROBES:
        probe = container.get(name)
        if isinstance(probe, dict):
            _fill(probe, periodSeconds=10, timeoutSeconds=1, successThreshold=1, failureThreshold=3)
            if isinstance(probe.get("httpGet"), dict):
                _fill(probe["httpGet"], path="/", scheme="HTTP")


def _limits_are_requests(resources: Object) -> None:
    """A limit without a request is the request too."""
    limits = resources.get("limits")
    if isinstance(limits, dict) and limits:
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _service(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _fill(spec, type="ClusterIP", sessionAffinity="None")
    for port in spec.get("ports") or []:
        _fill(port, protocol="TCP")
        if port.get("targetPort") in (None, "", 0):
            port["targetPort"] = port.get("port")
    if spec["type"] != "ExternalName":
        _fill(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _fill(spec, externalTrafficPolicy="Cluster")
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def _secret(obj: Object) -> None:
    _fill(obj, type="Opaque")
    plain = obj.pop("stringData", None) or {}
    if plain:
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


def _namespace(obj: Object) -> None:
    metadata = obj.setdefault("metadata", {})
    name = {"kubernetes.io/metadata.name": metadata.get("name", "")}
    metadata["labels"] = {**(metadata.get("labels") or {}), **name}
    if "deletionTimestamp" not in metadata:
        obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        _fill(obj.setdefault("status", {}), phase="Active")


def _claim(obj: Object) -> None:
    _fill(obj.setdefault("spec", {}), volumeMode="Filesystem")
    _fill(obj.setdefault("status", {}), phase="Pending")


def _autoscaler(obj: Object) -> None:
    _fill(obj.setdefault("spec", {}), minReplicas=1)


def _binding(obj: Object) -> None:
    _fill(obj.setdefault("roleRef", {}), apiGroup=RBAC_GROUP)
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            _fill(subject, apiGroup=RBAC_GROUP)


def _fill(target: Object, **defaults: Any) -> None:
    for name, value in defaults.items():
        if target.get(name) is None:
            target[name] = value


_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "Namespace": _namespace,
    "PersistentVolumeClaim": _claim,
    "HorizontalPodAutoscaler": _autoscaler,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
}
