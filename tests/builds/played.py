"""What the container of a build's Job does on nodes that are played: the lines of a real BuildKit, and its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.images.builders.job_manifest import CONTAINER
from bot.sandbox.kubernetes.behaviour import Task

RECORDED = Path(__file__).parent / "recorded"
DIGEST = "sha256:5fcbf11fd2e90b4dec3a6caedc8ea891cea0d8d826094233f61ac6f932dd35b7"
"""Of the image that was built when the lines were recorded."""


def build_task(container: Mapping[str, Any]) -> Task | None:
    """A build that works; one whose target is `broken` fails in an instruction."""
    if container["name"] != CONTAINER:
        return None
    if "target=broken" in container["args"]:
        return Task(_lines("buildkit-failed.jsonl"), 1)
    return Task(_lines("buildkit-built.jsonl"), 0, f"{DIGEST}\n")


def _lines(name: str) -> list[str]:
    return (RECORDED / name).read_text(encoding="utf-8").splitlines()
