"""One recorded pod for each row of the table of causes, and the words that people read."""

from __future__ import annotations

from typing import Any

import pytest

from bot.rollout.assessing import CAUSE_MODULES
from bot.rollout.causes import POD_CAUSES, PodView, first
from tests.rollout.recorded import backed_off, event, pod, running, unschedulable, waiting

assert CAUSE_MODULES

NOT_FOUND = (
    'failed to pull and unpack image "registry.example.org/team/shop:v1.2": failed to resolve reference '
    '"registry.example.org/team/shop:v1.2": registry.example.org/team/shop:v1.2: not found'
)
TAINTS = (
    "0/17 nodes are available: 2 Insufficient memory, 15 node(s) had untolerated taint "
    "{node-role.kubernetes.io/infra: }. preemption: 0/17 nodes are available: 17 Preemption is not helpful."
)

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("image-missing", "Image shop:v1.2 does not exist", pod(waiting("ErrImagePull", NOT_FOUND))),
    (
        "image-missing",
        "Image shop:v1.2 does not exist",
        pod(waiting("ImagePullBackOff", "manifest for shop:v1.2 not found: manifest unknown")),
    ),
    (
        "registry-refuses",
        "The registry refused our credentials",
        pod(waiting("ErrImagePull", "failed to authorize: unexpected status: 401 Unauthorized")),
    ),
    (
        "registry-refuses",
        "The registry refused our credentials",
        pod(
            waiting(
                "ErrImagePull", "pull access denied, repository does not exist or may require docker login"
            )
        ),
    ),
    (
        "registry-unreachable",
        "The node cannot reach the registry",
        pod(waiting("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout")),
    ),
    (
        "pull-quota",
        "The registry's pull quota is used up",
        pod(waiting("ErrImagePull", "toomanyrequests: You have reached your pull rate limit")),
    ),
    (
        "image-invalid",
        "Image reference registry.example.org/team/shop:v1.2 is invalid",
        pod(waiting("InvalidImageName", "couldn't parse image reference")),
    ),
    (
        "image-invalid",
        "Image shop:v1.2 is not on the node and may not be pulled",
        pod(waiting("ErrImageNeverPull", "is not present with pull policy of Never")),
    ),
    ("image-pull", "The image cannot be pulled", pod(waiting("ImagePullBackOff", "Back-off pulling image"))),
    ("finishes", "The app finished instead of staying up", pod(backed_off(0, "Completed"))),
    ("app-error", "The app crashed at start, exit 1", pod(backed_off(1))),
    ("not-executable", "The command cannot be executed", pod(backed_off(126))),
    ("command-missing", "The command is not in the image", pod(backed_off(127))),
    (
        "start-refused",
        "The process could not be started",
        pod(backed_off(128, "StartError", "failed to create containerd task: permission denied")),
    ),
    (
        "start-refused",
        "The command is not in the image",
        pod(waiting("RunContainerError", 'exec: "serve": executable file not found in $PATH')),
    ),
    ("wrong-cpu", "Built for another CPU", pod(backed_off(255, message="exec /app: exec format error"))),
    ("out-of-memory", "Ran out of its memory limit of 256Mi", pod(backed_off(137, "OOMKilled"))),
    ("killed", "Killed by force", pod(backed_off(137))),
    ("segfault", "Native crash", pod(backed_off(139))),
    ("told-to-stop", "Was told to stop", pod(backed_off(143))),
    (
        "config-missing",
        "Secret shop-db is missing",
        pod(waiting("CreateContainerConfigError", 'secret "shop-db" not found')),
    ),
    (
        "config-missing",
        "ConfigMap shop-env is missing",
        pod(waiting("CreateContainerConfigError", 'configmap "shop-env" not found')),
    ),
    (
        "key-missing",
        "Secret shop-db has no key url",
        pod(waiting("CreateContainerConfigError", "couldn't find key url in Secret shop/shop-db")),
    ),
    (
        "create-failed",
        "The container could not be created",
        pod(waiting("CreateContainerError", "context deadline exceeded")),
    ),
    ("post-start", "The postStart command failed", pod(waiting("PostStartHookError", "exited with 1"))),
    (
        "resources-short",
        "No node has cpu free",
        unschedulable("0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available."),
    ),
    ("resources-short", "No node has memory free (2 of 17 nodes)", unschedulable(TAINTS)),
    (
        "resources-short",
        "No node has cpu free (1 of 3 nodes)",
        unschedulable(
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."
        ),
    ),
    (
        "tainted",
        "Nodes are reserved by taint node-role.kubernetes.io/infra",
        unschedulable(
            "0/2 nodes are available: 2 node(s) had untolerated taint {node-role.kubernetes.io/infra: }."
        ),
    ),
    (
        "tainted",
        "Nodes are reserved by a taint (1 of 3 nodes)",
        unschedulable(
            "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't satisfy plugin(s) "
            "[NodeAffinity]."
        ),
    ),
    (
        "no-matching-node",
        "No node has the labels",
        unschedulable("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
    ),
    (
        "anti-affinity",
        "Replicas may not share nodes",
        unschedulable("0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules."),
    ),
    (
        "anti-affinity-of-others",
        "Other pods keep it off their nodes",
        unschedulable("0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules."),
    ),
    (
        "affinity",
        "No node has the pods that it is to be near",
        unschedulable("0/2 nodes are available: 2 node(s) didn't match pod affinity rules."),
    ),
    (
        "claim-unbound",
        "Its disk is not ready",
        unschedulable("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"),
    ),
    (
        "volume-zone",
        "The disk is in another zone",
        unschedulable("0/2 nodes are available: 2 node(s) had volume node affinity conflict."),
    ),
    (
        "volume-zone",
        "The disk is in another zone",
        unschedulable("0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity."),
    ),
    (
        "node-full",
        "Nodes are at their pod limit",
        unschedulable("0/2 nodes are available: 2 Too many pods."),
    ),
    (
        "spread",
        "Cannot spread evenly",
        unschedulable("0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints."),
    ),
    (
        "cordoned",
        "Nodes are cordoned",
        unschedulable("0/2 nodes are available: 2 node(s) were unschedulable."),
    ),
    (
        "node-lost",
        "Node worker-2 stopped answering",
        pod(running(ready=False), conditions=({"type": "Ready", "status": "Unknown"},)),
    ),
    (
        "disk-limit",
        "Used more disk than its limit of 100Mi",
        pod(
            phase="Failed",
            reason="Evicted",
            message="Pod ephemeral local storage usage exceeds the total limit of containers 100Mi. ",
        ),
    ),
    (
        "node-lost",
        "Node worker-2 stopped answering",
        pod(
            running(ready=True),
            conditions=({"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}),
        ),
    ),
    (
        "evicted",
        "Node ran out of memory",
        pod(
            phase="Failed",
            reason="Evicted",
            message="The node was low on resource: memory. Threshold: 100Mi.",
        ),
    ),
    (
        "init-failing",
        "Init step “wait-db” failed, exit 1: the app never started",
        pod(waiting("PodInitializing"), init=({"name": "wait-db"} | backed_off(1),)),
    ),
]


@pytest.mark.parametrize(
    ("cause", "words", "shown"), ROWS, ids=[f"{row[0]}-{i}" for i, row in enumerate(ROWS)]
)
def test_the_status_names_the_cause(cause: str, words: str, shown: dict[str, Any]) -> None:
    found = first(POD_CAUSES, PodView(shown))
    assert found is not None
    assert (found[0].name, found[1].words) == (cause, words)


CREATING = pod(waiting("ContainerCreating"))
EVENTS = [
    (
        "mount-source-missing",
        "The volume's Secret shop-tls is missing",
        CREATING,
        ("FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "shop-tls" not found'),
    ),
    (
        "disk-held",
        "The old pod still holds the disk",
        CREATING,
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) shop-old',
        ),
    ),
    (
        "sandbox",
        "The pod's network could not be set up",
        CREATING,
        ("FailedCreatePodSandBox", "plugin type=calico failed (add): no IPs left"),
    ),
    (
        "not-ready",
        "Running, not ready: the probe says 503",
        pod(running(ready=False), phase="Running"),
        ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
    ),
    (
        "liveness",
        "Kubernetes restarts it: the health check fails",
        pod(backed_off(137)),
        ("Killing", "Container app failed liveness probe, will be restarted"),
    ),
    (
        "liveness",
        "Kubernetes restarts it: the health check fails",
        pod(backed_off(143)),
        ("Killing", "Container app failed startup probe, will be restarted"),
    ),
    (
        "image-missing",
        "Image shop:v1.2 does not exist",
        pod(waiting("ImagePullBackOff", 'Back-off pulling image "registry.example.org/team/shop:v1.2"')),
        ("Failed", f'Failed to pull image "registry.example.org/team/shop:v1.2": {NOT_FOUND}'),
    ),
]


@pytest.mark.parametrize(("cause", "words", "shown", "told"), EVENTS, ids=[row[0] + row[3][0] for row in EVENTS[:4]] + [
    "liveness", "startup", "back-off-hides-the-reason"])  # fmt: skip
def test_events_name_the_cause(cause: str, words: str, shown: dict[str, Any], told: tuple[str, str]) -> None:
    found = first(POD_CAUSES, PodView(shown, [event(shown, *told) | {"count": 3}]))
    assert found is not None
    assert (found[0].name, found[1].words) == (cause, words)


HEALTHY = [
    pod(running(ready=True, restartCount=3, lastState={"terminated": {"exitCode": 1}}), phase="Running"),
    pod(waiting("ContainerCreating")),
    pod(waiting("PodInitializing"), init=({"name": "wait-db", "state": {"running": {}}},)),
    pod(waiting("PodInitializing"), init=({"name": "a", "state": {"terminated": {"exitCode": 0}}},)),
    pod(),
]


@pytest.mark.parametrize("shown", HEALTHY)
def test_a_pod_on_its_way_has_no_trouble(shown: dict[str, Any]) -> None:
    assert first(POD_CAUSES, PodView(shown)) is None


def test_the_first_failed_readiness_probes_are_how_apps_start() -> None:
    starting = pod(running(ready=False), phase="Running")
    told = event(starting, "Unhealthy", "Readiness probe failed: connection refused") | {"count": 2}
    assert first(POD_CAUSES, PodView(starting, [told])) is None


def test_an_app_that_has_recovered_is_no_longer_restarted() -> None:
    recovered = pod(running(ready=True, restartCount=2), phase="Running")
    told = event(recovered, "Killing", "Container app failed liveness probe, will be restarted")
    assert first(POD_CAUSES, PodView(recovered, [told])) is None


def test_the_scheduler_is_quoted_without_its_thoughts_on_preemption() -> None:
    found = first(POD_CAUSES, PodView(unschedulable(TAINTS)))
    assert found is not None
    assert "preemption" not in found[1].quote
    assert found[1].quote.startswith("0/17 nodes are available")


def test_the_quote_is_the_line_that_says_the_error() -> None:
    log = "starting\nTraceback (most recent call last):\n  File \"app.py\"\nKeyError: 'DATABASE_URL'\nbye"
    found = first(POD_CAUSES, PodView(pod(backed_off(1)), logs=log))
    assert found is not None
    assert found[1].quote == "KeyError: 'DATABASE_URL'"


def test_a_job_that_ends_well_has_no_trouble() -> None:
    ended = pod({"state": {"terminated": {"exitCode": 0}}}, phase="Succeeded")
    assert first(POD_CAUSES, PodView(ended, of_job=True)) is None
