"""Why a container is not created (rows 16 to 20), its disk not mounted, its probe not passed (31, 32)."""

from __future__ import annotations

import re

from bot.rollout.causes import Finding, PodView, one_line, pod_cause

_ABSENT = re.compile(r"(secret|configmap) \"([^\"]+)\" not found", re.I)
_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) (\S+)", re.I)
_PATIENCE = 3
"""Failed readiness probes that are no trouble yet."""

_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}


@pod_cause("config-missing", 16, "Create it, or correct its name in the values", grace=True)
def config_missing(view: PodView) -> Finding | None:
    """An environment variable comes from a Secret or ConfigMap that does not exist."""
    for container in view.containers:
        found = _ABSENT.search(container.message)
        if container.waiting == "CreateContainerConfigError" and found:
            kind, name = _KINDS[found[1].lower()], found[2].rpartition("/")[2]
            return Finding(f"{kind} {name} is missing", one_line(container.message))
    return None


@pod_cause("key-missing", 17, "Add the key", grace=True)
def key_missing(view: PodView) -> Finding | None:
    """The Secret or ConfigMap exists but lacks the key."""
    for container in view.containers:
        found = _KEY.search(container.message)
        if container.waiting == "CreateContainerConfigError" and found:
            kind, name = _KINDS[found[2].lower()], found[3].rpartition("/")[2]
            return Finding(f"{kind} {name} has no key {found[1]}", one_line(container.message))
    return None


@pod_cause("config-invalid", 17, "Read the kubelet's words", grace=True, specific=-1, sure=False)
def config_invalid(view: PodView) -> Finding | None:
    """The container's configuration is refused for a reason that no row knows."""
    for container in view.containers:
        if container.waiting == "CreateContainerConfigError":
            return Finding("The container's configuration is refused", one_line(container.message))
    return None


@pod_cause("mount-source-missing", 18, "Create it, or correct its name in the values", grace=True)
def mount_source_missing(view: PodView) -> Finding | None:
    """A volume comes from a Secret or ConfigMap that does not exist."""
    said = view.said("FailedMount")
    found = _ABSENT.search(said)
    if not found or not _creating(view):
        return None
    kind, name = _KINDS[found[1].lower()], found[2].rpartition("/")[2]
    return Finding(f"The volume's {kind} {name} is missing", one_line(said))


@pod_cause(
    "mount-failed", 18, "Look at the volume's driver and the node", specific=-1, fault="cluster", sure=False
)
def mount_failed(view: PodView) -> Finding | None:
    """A volume cannot be mounted for another reason."""
    said = view.said("FailedMount")
    return Finding("A volume cannot be mounted", one_line(said)) if said and _creating(view) else None


@pod_cause("create-failed", 19, "Read the runtime's words")
def create_failed(view: PodView) -> Finding | None:
    """The runtime could not create the container."""
    for container in view.containers:
        if container.waiting == "CreateContainerError":
            return Finding("The container could not be created", one_line(container.message))
    return None


@pod_cause("post-start", 20, "Run the command by hand in the container", specific=1)
def post_start(view: PodView) -> Finding | None:
    """The postStart command fails, so the container is stopped, which alone would look like a crash."""
    for container in view.containers:
        failed = "PostStartHookError" in (container.waiting, container.death.get("reason"))
        said = view.said("FailedPostStartHook")
        if failed or (said and not container.ready and container.death):
            quote = one_line(said or container.message)
            return Finding("The postStart command failed", quote, restarts=container.restarts)
    return None


@pod_cause("disk-held", 31, "Stop the old pod; use the strategy Recreate")
def disk_held(view: PodView) -> Finding | None:
    """The disk is attached to another node."""
    said = view.said("FailedAttachVolume")
    if "Multi-Attach error" in said and _creating(view):
        return Finding("The old pod still holds the disk", one_line(said))
    return None


@pod_cause("attach-failed", 31, "Look at the volume's driver", specific=-1, fault="cluster", sure=False)
def attach_failed(view: PodView) -> Finding | None:
    """The disk cannot be attached for another reason."""
    said = view.said("FailedAttachVolume")
    return Finding("The disk cannot be attached", one_line(said)) if said and _creating(view) else None


@pod_cause("not-ready", 32, "Check the probe's port and path, and what the app waits for", specific=-2)
def not_ready(view: PodView) -> Finding | None:
    """The process runs and says again and again that it is not ready; a few times is how apps start."""
    told = [
        event
        for event in view.events
        if event.get("reason") == "Unhealthy" and str(event.get("message")).startswith("Readiness probe")
    ]
    if not told or not any(it.running and not it.ready for it in view.containers if not it.init):
        return None
    times = sum(int((it.get("series") or {}).get("count") or it.get("count") or 1) for it in told)
    if times < _PATIENCE:
        return None
    said = str(told[-1]["message"]).partition(":")[2].strip()
    return Finding(f"Running, not ready: the probe {_probe(said)}", one_line(said))


def _probe(said: str) -> str:
    """A failed probe in a few words."""
    status = re.search(r"statuscode: (\d+)", said)
    if status:
        return f"says {status[1]}"
    if "connection refused" in said:
        return "finds the port closed"
    if "deadline exceeded" in said or "timeout" in said.lower():
        return "gets no answer"
    return "fails"


def _creating(view: PodView) -> bool:
    """Whether the pod still waits for its volumes."""
    return any(it.waiting in ("ContainerCreating", "PodInitializing") for it in view.containers) or not (
        view.status.get("containerStatuses")
    )
