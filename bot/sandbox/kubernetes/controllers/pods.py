"""Pods as their controllers see them: made from a template, counted by what they have come to."""

import copy
from datetime import datetime, timedelta

from bot.sandbox.kubernetes.controllers.cluster import Cluster, condition_of, is_ending
from bot.sandbox.kubernetes.controllers.kinds import POD
from bot.sandbox.kubernetes.controllers.quotas import check_quota
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.metadata import new_metadata, owner_reference
from bot.sandbox.kubernetes.storage import Object

RETRY_REFUSED = 2.0
"""Seconds after which a controller tries again to create a pod that was refused."""


class Refused(Exception):
    """The API would not let the pod be created; the text is its answer."""


def create_pod(
    cluster: Cluster,
    recorder: Recorder,
    component: str,
    owner: Object,
    *,
    template: Object,
    name: str,
    labels: dict[str, str] | None = None,
    hostname: str = "",
) -> Object:
    """Create a pod of `owner` from its template and tell so, unless `component` is empty.

    Raises: Refused, after telling that, when a quota or the namespace's end forbids it.
    """
    pod = from_template(template, name, owner, cluster.now, labels=labels or {})
    if hostname:
        pod["spec"]["hostname"] = hostname
    try:
        _admit(cluster, pod)
    except Refused as refused:
        if component:
            recorder.warning(owner, component, "FailedCreate", f"Error creating: {refused}")
        raise
    created = cluster.create(POD, pod)
    if component:
        recorder.normal(owner, component, "SuccessfulCreate", f"Created pod: {name}")
    return created


def _admit(cluster: Cluster, pod: Object) -> None:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    if cluster.is_going(namespace):
        raise Refused(
            f'pods "{name}" is forbidden: unable to create new content in namespace {namespace} '
            "because it is being terminated"
        )
    if (why := check_quota(cluster, pod)) is not None:
        raise Refused(why)


def from_template(
    template: Object, name: str, owner: Object, at: datetime, *, labels: dict[str, str]
) -> Object:
    """A pod of `owner`, not stored yet."""
    described = template.get("metadata") or {}
    pod: Object = {
        "metadata": new_metadata(
            name,
            owner["metadata"]["namespace"],
            at=at,
            labels={**(described.get("labels") or {}), **labels},
            annotations=described.get("annotations"),
            owners=[owner_reference(owner)],
            generation=1,
        ),
        "spec": copy.deepcopy(template.get("spec") or {}),
        "status": {"phase": "Pending", "qosClass": _quality(template.get("spec") or {})},
    }
    if not name.startswith(prefix := f"{owner['metadata']['name']}-") or owner["kind"] != "StatefulSet":
        pod["metadata"]["generateName"] = prefix
    _fill_in(pod["spec"])
    return pod


def _fill_in(spec: Object) -> None:
    """The defaults that the API server gives a pod."""
    for field, value in {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "serviceAccountName": spec.get("serviceAccount", "default"),
        "terminationGracePeriodSeconds": 30,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0,
        "securityContext": {},
    }.items():
        if spec.get(field) is None:
            spec[field] = value
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        container.setdefault("imagePullPolicy", pull_policy(container.get("image", "")))
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("resources", {})


def pull_policy(image: str) -> str:
    """The default imagePullPolicy of an image reference."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if "@" in image or tag not in ("", "latest") else "Always"


def _quality(spec: Object) -> str:
    resources = [c.get("resources") or {} for c in spec.get("containers") or ()]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    limits = [r.get("limits") or {} for r in resources]
    guaranteed = all(
        {"cpu", "memory"} <= set(limit) and (r.get("requests") or limit) == limit
        for r, limit in zip(resources, limits, strict=True)
    )
    return "Guaranteed" if guaranteed else "Burstable"


def phase(pod: Object) -> str:
    """The pod's phase."""
    return str((pod.get("status") or {}).get("phase", "Pending"))


def is_active(pod: Object) -> bool:
    """Whether the pod counts as one of its controller's: neither ended nor being deleted."""
    return phase(pod) not in ("Succeeded", "Failed") and not is_ending(pod)


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    ready = condition_of(pod, "Ready")
    return ready is not None and ready["status"] == "True"


def available_in(pod: Object, min_ready: int, now: datetime) -> float | None:
    """Seconds until the pod has been ready for `min_ready` seconds; 0 when it has; None when it is not ready."""
    ready = condition_of(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    since = datetime.fromisoformat(ready["lastTransitionTime"])
    return max(0.0, (since + timedelta(seconds=min_ready) - now).total_seconds()) if min_ready else 0.0
