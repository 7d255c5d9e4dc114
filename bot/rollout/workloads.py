"""How far a workload is: counts, whether it has arrived, and which of its pods are the new ones. Pure.

The rules are kstatus', which Helm's own waiting uses, plus one of ours: counts are of the newest revision's
pods, since old ones that are still ready say nothing about the new version.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.rollout.causes import condition
from bot.rollout.picture import Picture, Raw, number_in
from bot.rollout.verdicts import ObjectRef, is_built_in

FOLLOWED = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "Pod": "v1",
    "PersistentVolumeClaim": "v1",
}
"""Kinds whose health we judge, and the API version in which they are watched."""

_PASSIVE_GROUPS = (
    "rbac.authorization.k8s.io",
    "networking.k8s.io",
    "policy",
    "scheduling.k8s.io",
    "autoscaling",
)
_PASSIVE = {
    "ConfigMap", "Secret", "Service", "ServiceAccount", "Namespace", "LimitRange", "ResourceQuota", "CronJob",
    "StorageClass", "PersistentVolume", "Endpoints", "EndpointSlice", "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration", "CustomResourceDefinition", "PodTemplate",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a workload is, in pods of its newest revision."""

    ready: int
    updated: int
    desired: int
    done: bool
    failed: bool = False

    @property
    def reached(self) -> int:
        """A number that grows with progress."""
        return self.ready + self.updated + (1 if self.done else 0)


def is_passive(api_version: str, kind: str) -> bool:
    """Whether an object of this kind is done once it is applied."""
    known = kind in _PASSIVE and is_built_in(api_version)
    return known or api_version.rpartition("/")[0] in _PASSIVE_GROUPS


def is_workload(ref: ObjectRef) -> bool:
    """Whether it is of a kind that we judge by its pods or its volume."""
    return ref.kind in FOLLOWED and is_built_in(ref.api_version)


def is_custom(ref: ObjectRef) -> bool:
    """Whether its health is what its own conditions say, if anything does."""
    return not is_workload(ref) and not ref.hook and not is_passive(ref.api_version, ref.kind)


def progress(picture: Picture, item: Raw, *, hook: bool = False) -> Progress:
    """How far an object of a followed kind is; for hooks, "done" means that Helm goes on."""
    kind = item["kind"]
    if kind == "Job":
        return _job(item, hook)
    if kind == "Pod":
        return _pod(item, hook)
    if kind == "PersistentVolumeClaim":
        return _claim(picture, item)
    desired, updated, arrived = _counted(item)
    if not is_current(
        picture, item
    ):  # what is counted would be the version before, and no progress beside it
        return Progress(0, 0, desired, done=False)
    if arrived:
        return Progress(desired, min(updated, desired), desired, done=True)
    ready = sum(condition(pod, "Ready").get("status") == "True" for pod in new_pods(picture, item))
    return Progress(min(ready, desired), min(updated, desired), desired, done=False)


def new_pods(picture: Picture, item: Raw) -> list[Raw]:
    """The pods of the newest revision, those that are being deleted left out."""
    return [pod for pod in _all_pods(picture, item) if _is_new(picture, item, pod)]


def old_pods(picture: Picture, item: Raw) -> list[Raw]:
    """The pods of earlier revisions, those that are being deleted left out."""
    return [pod for pod in _all_pods(picture, item) if not _is_new(picture, item, pod)]


def is_current(picture: Picture, item: Raw) -> bool:
    """Whether what is known of an object's pods belongs to its present state.

    Watches of different kinds do not keep step: a Deployment may be seen changed before its new ReplicaSet is,
    and for that moment the old pods would pass for the new ones.
    """
    if item["kind"] not in ("Deployment", "StatefulSet", "DaemonSet"):
        return True
    newest = newest_replica_set(picture, item) if item["kind"] == "Deployment" else None
    if newest is not None:
        mine, its = _revision(item)[0], _revision(newest)[0]
        if mine and its and mine != its:
            return False
    return _observed(item)


def newest_replica_set(picture: Picture, deployment: Raw) -> Raw | None:
    """The ReplicaSet of the Deployment's current template."""
    sets = picture.owned(deployment, "ReplicaSet")
    return max(sets, key=_revision, default=None)


def selector_text(selector: Raw) -> str:
    """A label selector as a query of the API; "" for one that says nothing, which would find everything."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], ",".join(each.get("values") or ())
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})"}
        parts.append(forms.get(each["operator"], key if each["operator"] == "Exists" else f"!{key}"))
    return ",".join(parts)


def is_settled(item: Raw) -> bool:
    """Whether an object of a followed kind says itself that it is complete: its pods have nothing to add."""
    kind = item["kind"]
    if kind == "Job":
        return condition(item, "Complete").get("status") == "True"
    if kind == "Pod":
        return condition(item, "Ready").get("status") == "True"
    if kind == "PersistentVolumeClaim":
        return (item.get("status") or {}).get("phase") == "Bound"
    return _observed(item) and _counted(item)[2]


def claim_names(pod: Raw) -> list[str]:
    """The claims that a pod mounts."""
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    return [it["persistentVolumeClaim"]["claimName"] for it in volumes if it.get("persistentVolumeClaim")]


def _all_pods(picture: Picture, item: Raw) -> list[Raw]:
    if item["kind"] == "Pod":
        return [item]
    if item["kind"] == "Deployment":
        found = [pod for it in picture.owned(item, "ReplicaSet") for pod in picture.owned(it, "Pod")]
    else:
        found = picture.owned(item, "Pod")
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp") or _tells_of_job(item, pod)]


def _tells_of_job(item: Raw, pod: Raw) -> bool:
    """A Job that failed may be removed at once, by Helm or for its age; its pods still say why."""
    return bool(item["kind"] == "Job" and (pod.get("status") or {}).get("phase") == "Failed")


def _is_new(picture: Picture, item: Raw, pod: Raw) -> bool:
    labels = pod["metadata"].get("labels") or {}
    if item["kind"] == "Deployment":
        newest = newest_replica_set(picture, item)
        owners = pod["metadata"].get("ownerReferences") or ()
        return newest is not None and any(it["uid"] == newest["metadata"]["uid"] for it in owners)
    if item["kind"] == "StatefulSet":
        update = (item.get("status") or {}).get("updateRevision")
        return not update or labels.get("controller-revision-hash") == update
    if item["kind"] == "DaemonSet":
        annotations = item["metadata"].get("annotations") or {}
        template = annotations.get("deprecated.daemonset.template.generation")
        generation = labels.get("pod-template-generation")
        if template and generation:
            return bool(template == generation)
        if picture.since is not None and (item.get("status") or {}).get("updatedNumberScheduled") is not None:
            return not picture.is_old(pod) or _settled(item)
    return True


def _settled(item: Raw) -> bool:
    status = item.get("status") or {}
    return bool(status.get("updatedNumberScheduled") == status.get("desiredNumberScheduled"))


def _observed(item: Raw) -> bool:
    """Whether the controller has seen the object as it is now."""
    if item["metadata"].get("deletionTimestamp"):
        return False
    generation = item["metadata"].get("generation")
    observed = (item.get("status") or {}).get("observedGeneration")
    return observed is not None and (generation is None or int(observed) >= int(generation))


def _counted(item: Raw) -> tuple[int, int, bool]:
    """Pods that are wanted, pods of the newest template, and whether all is as it should be."""
    return {"DaemonSet": _daemon_set, "StatefulSet": _stateful_set}.get(item["kind"], _deployment)(item)


def _deployment(item: Raw) -> tuple[int, int, bool]:
    """Of Deployments and bare ReplicaSets."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    desired = _number(spec, "replicas", 1)
    updated = _number(status, "updatedReplicas" if item["kind"] == "Deployment" else "fullyLabeledReplicas")
    total, available = _number(status, "replicas"), _number(status, "availableReplicas")
    return desired, updated, updated >= desired and total <= desired and available >= desired


def _stateful_set(item: Raw) -> tuple[int, int, bool]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    desired = _number(spec, "replicas", 1)
    ready = _number(status, "readyReplicas") >= desired and _number(status, "replicas") == desired
    same = status.get("updateRevision") == status.get("currentRevision")
    updated = _number(status, "replicas" if same else "updatedReplicas")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return desired, updated, ready
    partition = _number(strategy.get("rollingUpdate") or {}, "partition")
    return desired, updated, ready and updated >= max(0, desired - partition)


def _daemon_set(item: Raw) -> tuple[int, int, bool]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    desired = _number(status, "desiredNumberScheduled")
    updated, available = _number(status, "updatedNumberScheduled"), _number(status, "numberAvailable")
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return desired, updated, available >= desired
    return desired, updated, updated >= desired and available >= desired


def _job(item: Raw, hook: bool) -> Progress:
    """A Job that is no hook need not end: it has arrived once it has started."""
    status = item.get("status") or {}
    complete = condition(item, "Complete").get("status") == "True"
    failed = condition(item, "Failed").get("status") == "True"
    active = _number(status, "active") + _number(status, "succeeded")
    suspended = bool((item.get("spec") or {}).get("suspend"))
    started = not hook and (suspended or (bool(status.get("startTime")) and _number(status, "ready", 1) > 0))
    return Progress(1 if complete else 0, min(1, active), 1, complete or started, failed)


def _pod(item: Raw, hook: bool) -> Progress:
    phase = (item.get("status") or {}).get("phase")
    ready = condition(item, "Ready").get("status") == "True"
    done = phase == "Succeeded" or (ready and not hook)
    return Progress(1 if done else 0, 1, 1, done, phase == "Failed")


def _claim(picture: Picture, item: Raw) -> Progress:
    """A claim that waits for its first consumer is fine: its pod's own trouble tells when it is not."""
    bound = (item.get("status") or {}).get("phase") == "Bound"
    waits = any(event.get("reason") == "WaitForFirstConsumer" for event in picture.events(item))
    return Progress(1 if bound else 0, 1, 1, bound or waits)


def _revision(item: Raw) -> tuple[int, str]:
    annotation = (item["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
    return number_in(annotation), str(item["metadata"].get("creationTimestamp") or "")


def _number(of: Raw, key: str, default: int = 0) -> int:
    value = of.get(key)
    return default if value is None else int(value)
