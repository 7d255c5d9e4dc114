"""What the cluster's containers do and how fast: decided by whoever starts the cluster, not by it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Behaviour = Literal["ok", "crash", "oom", "slow", "broken"]
"""What an image does: runs; crashes at start; dies out of memory; takes long to be ready; cannot be pulled."""

BehaviourOf = Callable[[str], Behaviour]
"""From an image reference to what it does."""

ImageExists = Callable[[str], bool]
"""Whether the nodes' registry has that image reference."""


@dataclass(frozen=True)
class Task:
    """What a container that ends by itself does: the lines that it writes, and how it ends."""

    lines: Sequence[str]
    exit_code: int = 0
    message: str = ""
    """What it leaves in its termination log."""


TaskOf = Callable[[Mapping[str, Any]], Task | None]
"""From the spec of a container that is meant to end to what it does; None where its image's behaviour says that."""

_SUFFIXES: Final[dict[str, Behaviour]] = {
    "-crash": "crash",
    "-oom": "oom",
    "-slow": "slow",
    "-broken": "broken",
}


@dataclass(frozen=True)
class Pace:
    """How many seconds the steps of a pod's life take; a test may set them all to nearly nothing."""

    schedule: float = 0.2
    """From the pod's creation to its node."""
    pull: float = 0.6
    """Pulling an image that the node does not have yet."""
    start: float = 0.4
    """From the image to the container's process."""
    ready: float = 1.5
    """From the process to the first successful readiness probe."""
    ready_slow: float = 60.0
    """The same for images that behave `slow`."""
    crash: float = 1.0
    """How long a `crash` or `oom` image runs before it dies."""
    back_off: float = 10.0
    """The first wait of the crash loop; doubles up to `back_off_max`."""
    back_off_max: float = 300.0
    """The longest wait of the crash loop, as the kubelet's."""
    job: float = 1.0
    """How long a Job's container works before it exits."""
    terminate: float = 0.5
    """From a pod's deletion to its end (its grace period, if that is shorter)."""

    @classmethod
    def instant(cls) -> "Pace":
        """Everything at once but for the crash loop's waits, for tests that look at ends only."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, job=0.0, terminate=0.0)


def everything_works(_image: str) -> Behaviour:
    """The behaviour of a cluster in which nothing goes wrong."""
    return "ok"


def no_tasks(_container: Mapping[str, Any]) -> None:
    """Nobody says of any container what it does."""


def behaviour_of_tag(tag: str) -> Behaviour:
    """What the end of a tag says that its image does: `-crash`, `-oom`, `-slow`, `-broken`; else it works."""
    return next((behaves for suffix, behaves in _SUFFIXES.items() if tag.endswith(suffix)), "ok")


def behaviour_by_tag(image: str) -> Behaviour:
    """The same for an image reference."""
    return behaviour_of_tag(_tag(image))


def exists_by_tag(image: str) -> bool:
    """A registry that has everything but the tags that end in `-missing`."""
    return not _tag(image).endswith("-missing")


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def every_image_exists(_image: str) -> bool:
    """The registry of a cluster in which nothing is missing."""
    return True
