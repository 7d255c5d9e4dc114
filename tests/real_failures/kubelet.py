"""Rows 1 to 20, 31 to 34 and 39 to 41: what kubelets say, in the words of their source at the pinned version.

The played nodes say what they can; the rest is written into the status of pods whose node nobody plays.
"""

from __future__ import annotations

from typing import Any

from tests.real_failures.objects import IMAGE, NOBODY, Object, deployment
from tests.real_failures.rows import Ends, Row
from tests.rollout.recorded import backed_off, running, waiting

_TEAM = "registry.example.org/team"
_RESOLVING = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}"'
_CREATING = waiting("ContainerCreating")


def _played(number: int, cause: str, words: str, app: str, ends: Ends = "failed", **what: Any) -> Row:
    """A row that comes about by itself where a Deployment is so."""
    return Row(number, cause, words, (deployment(app, **what),), ends)


def _told(
    number: int,
    cause: str,
    words: str,
    app: str,
    container: Object,
    *events: tuple[str, str, int],
    ends: Ends = "failed",
    **status: Any,
) -> Row:
    """A row of a pod that no kubelet runs: its container is so, and this was told of it."""
    pod = {"phase": "Pending", "containerStatuses": [container], **status}
    return Row(number, cause, words, (deployment(app, **NOBODY),), ends, pod=pod, events=events)


def _pulled(number: int, cause: str, words: str, app: str, why: str, ends: Ends = "failed") -> Row:
    return _told(number, cause, words, app, waiting("ErrImagePull", f"{_RESOLVING}: {why}"), ends=ends)


def _ended(number: int, cause: str, words: str, app: str, code: int, reason: str = "Error") -> Row:
    return _told(number, cause, words, app, backed_off(code, reason, restarts=3), phase="Running")


def _from(field: str, **reference: str) -> Object:
    """A container with one environment variable from elsewhere."""
    return {"env": [{"name": "URL", "valueFrom": {field: reference}}]}


PLAYED = (
    _played(
        1,
        "image-missing",
        "Image shop:v2-missing does not exist",
        "untagged",
        image=f"{_TEAM}/shop:v2-missing",
    ),
    _played(
        2,
        "registry-refuses",
        "The registry refused our credentials",
        "refused",
        image=f"{_TEAM}/shop:v2-broken",
    ),
    _played(
        5,
        "image-invalid",
        "Image reference registry.example.org/Team/shop:v2 is invalid",
        "misnamed",
        image="registry.example.org/Team/shop:v2",
    ),
    _played(
        5,
        "image-invalid",
        "Image shop:never is not on the node and may not be pulled",
        "unpulled",
        image=f"{_TEAM}/shop:never",
        container={"imagePullPolicy": "Never"},
    ),
    _played(
        16,
        "config-missing",
        "Secret shop-db is missing",
        "secretless",
        container=_from("secretKeyRef", name="shop-db", key="url"),
    ),
    _played(
        16,
        "config-missing",
        "ConfigMap shop-env is missing",
        "mapless",
        container={"envFrom": [{"configMapRef": {"name": "shop-env"}}]},
    ),
    _played(
        17,
        "key-missing",
        "ConfigMap kube-root-ca.crt has no key url",
        "keyless",
        container=_from("configMapKeyRef", name="kube-root-ca.crt", key="url"),
    ),
    _played(
        18,
        "mount-source-missing",
        "The volume's Secret shop-tls is missing",
        "unmounted",
        volumes=[{"name": "tls", "secret": {"secretName": "shop-tls"}}],
    ),
    _played(
        34,
        "init-failing",
        "Init step “wait-db” failed, exit 1: the app never started",
        "uninitialised",
        "told",
        initContainers=[{"name": "wait-db", "image": f"{_TEAM}/wait:v1-crash"}],
    ),
)

TOLD = (
    _pulled(
        3,
        "registry-unreachable",
        "The node cannot reach the registry",
        "unreached",
        'failed to do request: Head "https://registry.example.org/v2/team/shop/manifests/v1.2": dial tcp '
        "192.0.2.1:443: i/o timeout",
        "held",
    ),
    _told(
        3,
        "registry-unreachable",
        "The node cannot reach the registry",
        "unavailable",
        waiting("RegistryUnavailable", f"image pull failed for {IMAGE} because the registry is unavailable"),
        ends="held",
    ),
    _pulled(
        4,
        "pull-quota",
        "The registry's pull quota is used up",
        "throttled",
        "unexpected status from HEAD request to https://registry.example.org/v2/team/shop/manifests/v1.2: 429 Too "
        "Many Requests",
        "held",
    ),
    _told(
        5,
        "image-pull",
        "The image cannot be pulled",
        "unsigned",
        waiting(
            "SignatureValidationFailed",
            f"image pull failed for {IMAGE} because the signature validation failed",
        ),
    ),
    _ended(6, "finishes", "The app finished instead of staying up", "finishing", 0, "Completed"),
    _ended(7, "app-error", "The app crashed at start, exit 1", "crashing", 1),
    _ended(8, "not-executable", "The command cannot be executed", "unexecutable", 126),
    _ended(9, "command-missing", "The command is not in the image", "uncommanded", 127),
    _told(
        10,
        "start-refused",
        "The command is not in the image",
        "unstarted",
        waiting(
            "RunContainerError",
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
            'failed: unable to start container process: error during container init: exec: "serve": executable '
            "file not found in $PATH",
        ),
    ),
    _told(
        10,
        "start-refused",
        "The process could not be started",
        "forbidden",
        backed_off(
            128,
            "StartError",
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
            'failed: unable to start container process: error during container init: exec: "/app": permission '
            "denied",
        ),
    ),
    _told(
        11,
        "wrong-cpu",
        "Built for another CPU",
        "alien",
        backed_off(255, message="exec /app: exec format error\n"),
    ),
    _ended(12, "out-of-memory", "Ran out of its memory limit of 256Mi", "hungry", 137, "OOMKilled"),
    _ended(13, "killed", "Killed by force", "killed", 137),
    _ended(14, "segfault", "Native crash", "segfaulting", 139),
    _ended(15, "told-to-stop", "Was told to stop", "stopped", 143),
    _told(
        17,
        "config-invalid",
        "The container's configuration is refused",
        "rootless",
        waiting(
            "CreateContainerConfigError",
            "container has runAsNonRoot and image will run as root (pod: "
            '"rootless_shop(9c0e)", container: app)',
        ),
    ),
    _told(
        18,
        "mount-failed",
        "A volume cannot be mounted",
        "driverless",
        _CREATING,
        (
            "FailedMount",
            'MountVolume.MountDevice failed for volume "pvc-1" : kubernetes.io/csi: attacher.MountDevice failed to '
            "create newCsiDriverClient: driver name disk.example.org not found in the list of registered CSI drivers",
            2,
        ),
        ends="held",
    ),
    _told(
        19,
        "create-failed",
        "The container could not be created",
        "uncreated",
        waiting("CreateContainerError", "context deadline exceeded"),
        ends="told",
    ),
    _told(
        20,
        "post-start",
        "The postStart command failed",
        "unhooked",
        backed_off(137, restarts=3),
        ("FailedPostStartHook", "PostStartHook failed", 3),
        phase="Running",
    ),
    _told(
        31,
        "disk-held",
        "The old pod still holds the disk",
        "waiting-for-disk",
        _CREATING,
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) shop-old',
            1,
        ),
        ends="told",
    ),
    _told(
        31,
        "attach-failed",
        "The disk cannot be attached",
        "diskless",
        _CREATING,
        (
            "FailedAttachVolume",
            'AttachVolume.Attach failed for volume "pvc-1" : rpc error: code = Internal desc = no such disk',
            1,
        ),
        ends="held",
    ),
    _told(
        32,
        "not-ready",
        "Running, not ready: the probe says 503",
        "unready",
        running(ready=False),
        ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 3),
        ends="told",
        phase="Running",
    ),
    _told(
        33,
        "liveness",
        "Kubernetes restarts it: the health check fails",
        "lifeless",
        backed_off(143, restarts=3),
        ("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 9),
        ("Killing", "Container app failed liveness probe, will be restarted", 3),
        phase="Running",
    ),
    _told(
        33,
        "liveness",
        "Kubernetes restarts it: the health check fails",
        "slow-to-start",
        backed_off(143, restarts=3),
        ("Unhealthy", "Startup probe failed: dial tcp 10.1.2.3:8080: connect: connection refused", 30),
        ("Killing", "Container app failed startup probe, will be restarted", 3),
        phase="Running",
    ),
    _told(
        39,
        "sandbox",
        "The pod's network could not be set up",
        "netless",
        _CREATING,
        (
            "FailedCreatePodSandBox",
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
            '"4f": plugin type="calico" failed (add): no more IP addresses',
            1,
        ),
        ends="held",
    ),
    _told(
        40,
        # As a node's controller has it after its grace period of 50 s, which is too long to wait for here.
        "node-lost",
        "Node nobody stopped answering",
        "lost",
        running(ready=True),
        ("NodeNotReady", "Node is not ready", 1),
        ends="held",
        phase="Running",
        conditions=[
            {"type": "Ready", "status": "False"},
            {"type": "ContainersReady", "status": "True"},
        ],
    ),
    _told(
        41,
        "evicted",
        "Node ran out of memory",
        "evicted",
        {"state": {"terminated": {"exitCode": 137, "reason": "Error"}}},
        ends="held",
        phase="Failed",
        reason="Evicted",
        message="The node was low on resource: memory. Threshold quantity: 100Mi, available: 53244Ki. Container app "
        "was using 2102Mi, request is 0, has larger consumption of memory. ",
    ),
    _told(
        41,
        "disk-limit",
        "Used more disk than its limit of 100Mi",
        "wordy",
        {"state": {"terminated": {"exitCode": 137, "reason": "Error"}}},
        ends="told",
        phase="Failed",
        reason="Evicted",
        message="Pod ephemeral local storage usage exceeds the total limit of containers 100Mi. ",
    ),
)

KUBELET = (*PLAYED, *TOLD)
