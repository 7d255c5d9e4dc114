"""What is followed, by which rules, and what comes out: the values that the rollout's parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.events import Trouble

Health = Literal["healthy", "failed", "unknown"]


def is_built_in(api_version: str) -> bool:
    """Whether a group belongs to Kubernetes itself: others may have a Job or a Service of their own."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def index_of(api_version: str, kind: str) -> str:
    """A kind's name that is unique among groups: "Deployment", "Certificate.cert-manager.io"."""
    return kind if is_built_in(api_version) else f"{kind}.{api_version.rpartition('/')[0]}"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object of the release's manifest; `hook` for those that Helm runs before or after the rest."""

    api_version: str
    kind: str
    name: str
    hook: bool = False

    @property
    def index(self) -> str:
        """What its kind is called in a `Picture`."""
        return index_of(self.api_version, self.kind)

    @property
    def where(self) -> str:
        """As people and `Trouble` write it: "Deployment/shop"."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Rules:
    """When a rollout counts as failed; an environment may set them."""

    crash_restarts: int = 3
    """A container started again so often, that still dies, fails the version."""
    image_grace: float = 60.0
    """Seconds given to what can heal by itself: a tag still being pushed, a Secret still being synced, a quota
    that frees as old pods go."""
    timeout: float = 300.0
    """Seconds without progress (a pod more that is new or ready, a hook that moves) that end the wait."""
    holds: bool = True
    """Whether a rollout that the cluster keeps up waits for a person; else it ends as "unknown" by its time-out."""
    settle: float = 5.0
    """Seconds that pods without a readiness probe must stay up: Kubernetes calls them ready as they start, and
    an app that dies of its configuration takes a second or two to do so."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a revision stands; `troubles` beside "healthy" are warnings.

    "unknown": nothing is wrong with the version as far as can be seen, but the cluster keeps it from arriving
    or could not be watched. A person decides; it is never rolled back by itself.
    """

    health: Health
    troubles: tuple[Trouble, ...] = ()
    last_words: str = ""
    """The application's last log lines, or its termination message; not masked."""
    not_followed: tuple[ObjectRef, ...] = ()
    """Objects whose kinds have a health of their own that we cannot judge."""
    words: str = ""
    """Why, in a sentence; "" for "healthy"."""
