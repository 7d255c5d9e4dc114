"""Why an image does not arrive on a node (rows 1 to 5).

The kubelet's waiting reason alternates between ErrImagePull, which quotes the runtime, and ImagePullBackOff,
whose older form does not: the `Failed` event keeps the runtime's words. Runtimes may name two reasons of their own
(k8s.io/cri-api/pkg/errors).
"""

from __future__ import annotations

import re

from bot.rollout.causes import Container, Finding, PodView, one_line, pod_cause, short_image

_PULLING = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed")

_QUOTA = re.compile(r"pull rate limit|toomanyrequests|429 Too Many", re.I)
_REFUSED = re.compile(
    r"401 Unauthorized|403 Forbidden|unauthorized|denied|no basic auth credentials|authentication required",
    re.I,
)
_UNREACHABLE = re.compile(
    r"i/o timeout|connection reset|connection refused|no such host|no route to host|TLS handshake timeout"
    r"|deadline exceeded|x509|server misbehaving|registry is unavailable|50[234] ",
    re.I,
)
_MISSING = re.compile(
    r"not found|manifest unknown|name unknown|no match for platform|repository does not exist", re.I
)


@pod_cause("image-missing", 1, "Check that the build has run and pushed this tag", grace=True)
def image_missing(view: PodView) -> Finding | None:
    """The registry has no such image."""
    for container, text in _failed_pulls(view):
        if _kind(text) == "missing":
            return Finding(f"Image {short_image(container.image)} does not exist", one_line(text))
    return None


@pod_cause("registry-refuses", 2, "Check the imagePullSecrets of the pod or its service account", grace=True)
def registry_refuses(view: PodView) -> Finding | None:
    """The registry does not let the node pull."""
    return _pull(view, "refused", "The registry refused our credentials")


@pod_cause(
    "registry-unreachable",
    3,
    "Look at the node's network and the registry's status",
    fault="cluster",
    grace=True,
)
def registry_unreachable(view: PodView) -> Finding | None:
    """The node gets no connection to the registry."""
    return _pull(view, "unreachable", "The node cannot reach the registry")


@pod_cause("pull-quota", 4, "Wait for the quota to renew, or pull through a mirror", fault="cluster")
def pull_quota(view: PodView) -> Finding | None:
    """The registry counts pulls and has enough of ours."""
    return _pull(view, "quota", "The registry's pull quota is used up")


@pod_cause("image-invalid", 5, "Correct the image in the values", fatal=True)
def image_invalid(view: PodView) -> Finding | None:
    """The reference is none, or pulling is forbidden and the node does not have it."""
    for container in view.containers:
        if container.waiting == "InvalidImageName":
            return Finding(f"Image reference {container.image} is invalid", one_line(container.message))
        if container.waiting == "ErrImageNeverPull":
            image = short_image(container.image)
            return Finding(
                f"Image {image} is not on the node and may not be pulled",
                one_line(container.message),
                "Set imagePullPolicy to IfNotPresent, or load the image onto the node",
            )
    return None


@pod_cause("image-pull", 5, "Read the runtime's words", grace=True, specific=-1, sure=False)
def image_pull(view: PodView) -> Finding | None:
    """The pull fails for a reason that no row knows."""
    return _pull(view, "", "The image cannot be pulled")


def _pull(view: PodView, kind: str, words: str) -> Finding | None:
    for _, text in _failed_pulls(view):
        if _kind(text) == kind:
            return Finding(words, one_line(text))
    return None


def _failed_pulls(view: PodView) -> list[tuple[Container, str]]:
    """Containers whose image does not come, with the runtime's words."""
    found = []
    for container in view.containers:
        if container.waiting not in _PULLING:
            continue
        texts = [container.message] + [
            str(event.get("message") or "")
            for event in reversed(view.events)
            if event.get("reason") == "Failed" and container.image in str(event.get("message"))
        ]
        found.append((container, next((text for text in texts if _kind(text)), container.message)))
    return found


def _kind(text: str) -> str:
    """What a failed pull's words mean; the quota's and the refusal's words also say "not found" at times."""
    for kind, pattern in (("quota", _QUOTA), ("missing", _MISSING), ("unreachable", _UNREACHABLE)):
        if pattern.search(text):
            if kind == "missing" and _REFUSED.search(text) and "does not exist" in text:
                return "refused"
            return kind
    return "refused" if _REFUSED.search(text) else ""
