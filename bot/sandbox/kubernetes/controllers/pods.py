"""Pods as their controllers see them: made from a template, counted by what they have come to."""

import copy
from datetime import datetime, timedelta

from bot.sandbox.kubernetes.admission import admit_pod
from bot.sandbox.kubernetes.controllers.cluster import Cluster, condition_of, is_ending
from bot.sandbox.kubernetes.controllers.kinds import POD
from bot.sandbox.kubernetes.controllers.recording import Recorder
from bot.sandbox.kubernetes.defaults import set_defaults
from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.metadata import new_metadata, owner_reference
from bot.sandbox.kubernetes.quotas import refusal
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
    try:
        admit_pod(cluster.storage, pod)
    except ApiError as error:
        raise Refused(str(error)) from error
    if (why := refusal(cluster.storage, POD.key(namespace, name), pod)) is not None:
        raise Refused(f'pods "{name}" is forbidden: {why}')


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
        "status": {"phase": "Pending"},
    }
    if not name.startswith(prefix := f"{owner['metadata']['name']}-") or owner["kind"] != "StatefulSet":
        pod["metadata"]["generateName"] = prefix
    set_defaults("Pod", pod)
    return pod


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
