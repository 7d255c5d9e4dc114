"""Why an image does not come to the node, in containerd's and the kubelet's words."""

import re
from dataclasses import dataclass

from bot.sandbox.kubernetes.behaviour import BehaviourOf, ImageExists

_REFERENCE = re.compile(
    r"^(?:[a-zA-Z0-9.-]+(?::\d+)?/)?[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"
    r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$"
)


@dataclass(frozen=True)
class Registry:
    """What the nodes' registry answers."""

    exists: ImageExists
    behaviour: BehaviourOf

    def refusal(self, image: str) -> str | None:
        """The error of pulling the image, or None when it can be pulled."""
        full = full_reference(image)
        begin = f'failed to pull and unpack image "{full}": failed to resolve reference "{full}"'
        if self.behaviour(image) == "broken":
            host, _, path = full.partition("/")
            name, _, tag = path.rpartition(":")
            url = f"https://{host}/v2/{name}/manifests/{tag}"
            why = f"unexpected status from HEAD request to {url}: 401 Unauthorized"
            return f"rpc error: code = Unknown desc = {begin}: {why}"
        if not self.exists(image):
            return f"rpc error: code = NotFound desc = {begin}: {full}: not found"
        return None


def invalid_name(image: str) -> str | None:
    """Why the reference cannot be read, or None when it can."""
    if _REFERENCE.match(image):
        return None
    return (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
        "invalid reference format"
    )


def full_reference(image: str) -> str:
    """The reference with its registry and tag, as containerd resolves it."""
    first, slash, _ = image.partition("/")
    has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    full = image if has_host else f"docker.io/{image}" if slash else f"docker.io/library/{image}"
    return full if "@" in full or ":" in full.rpartition("/")[2] else f"{full}:latest"
