"""A plan: what an operation will do, computed before it runs and shown, and the digest that people confirm.

The digest covers the plan's inputs and nothing that may vary by itself: manifests and diffs are shown, not digested.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from bot.helm.charts import ChartArchive
from bot.planning.drift import Drift
from bot.planning.foreign import Foreign
from bot.planning.losing import Loss
from bot.planning.manifests import Manifest
from bot.planning.site import Site
from bot.planning.summary import Line
from bot.planning.trial import Contest, Trial

PlanKind = Literal["deploy", "rollback", "uninstall", "restart"]


@dataclass(frozen=True)
class ObjectRef:
    """An object that the operation will touch, as the rollout needs to know it."""

    api_version: str
    kind: str
    namespace: str
    name: str
    hook: bool = False


def refs(manifests: Iterable[Manifest], *, hook: bool = False) -> tuple[ObjectRef, ...]:
    """References to the objects of manifests."""
    return tuple(
        ObjectRef(
            api_version=str(each.object["apiVersion"]),
            kind=each.key.kind,
            namespace=each.key.namespace,
            name=each.key.name,
            hook=hook,
        )
        for each in manifests
    )


@dataclass(frozen=True)
class Frozen:
    """What was confirmed and is kept with the operation: chart and values for a deploy, else nothing."""

    archive: ChartArchive | None = None
    values: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Plan:
    """What is shown, and what is confirmed."""

    kind: PlanKind
    app: str
    environment: str
    version: str
    now: str
    """The version deployed at this moment; "" when there is none."""
    base: int
    """The revision deployed now; 0 when there is none."""
    revision: int
    """The revision that a rollback returns to; 0 otherwise."""
    chart: str
    image_digest: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    diff: str
    added: int
    removed: int
    unchanged: bool
    site: Site
    objects: tuple[ObjectRef, ...]
    """What the rollout follows: the objects of the release as it will be, and the hooks that run."""
    inputs: Mapping[str, str]
    frozen: Frozen
    removes: tuple[ObjectRef, ...] = ()
    """The objects of the release that go."""
    lasting: tuple[str, ...] = ()
    """What a rollback does not bring back, in words; told again with its result."""
    losses: tuple[Loss, ...] = ()
    """What goes away for good, which a person has to name before it does."""
    foreign: Foreign | None = None
    """Who made the revision that is deployed, where it was not us, and what of it would be lost."""
    drift: tuple[Drift, ...] = ()
    """What was changed by hand since the release was made, and what becomes of it; autoscaled replicas beside it."""
    unhealthy: str = ""
    """Why the revision that is deployed is no way back: it does not work; "" where it does."""
    way_back: str = ""
    """What happens if it fails, in an environment that goes back by itself."""
    trial: Trial = field(default_factory=Trial)
    """What the API server says that it would do."""
    taken: tuple[str, ...] = ()
    """The ids of the contested fields that a person has agreed to take over."""
    shouts: bool = False
    """Whether the environment's name is shown in capitals: mistakes there reach users."""

    @property
    def digest(self) -> str:
        """What is confirmed: SHA-256 over the inputs, in hex."""
        return digest_of(self.inputs)

    def taking(self) -> Self:
        """The plan with every contested field taken over, as its button confirms it."""
        taken = tuple(each.id for each in self.trial.contests)
        return replace(self, taken=taken, inputs=with_takes(self.inputs, taken))

    @property
    def is_open(self) -> bool:
        """Whether it may be confirmed: nothing is refused, and nothing taken over that was not agreed to."""
        return not self.trial.is_refused and not self.trial.beyond(self.taken)

    @property
    def forces(self) -> bool:
        """Whether Helm has to take fields over, by a person's yes or to write past an autoscaler."""
        return self.trial.by_server and bool(self.trial.contests or self.trial.autoscaled)

    @property
    def untold(self) -> tuple[Contest, ...]:
        """The contested fields of which the drift says nothing."""
        return tuple(
            contest
            for contest in self.trial.contests
            if not any(drift.tells(contest) for drift in self.drift)
        )

    @property
    def short_digest(self) -> str:
        """The image digest as people compare it, e.g. `4f1c…9a`; "" when there is none."""
        bare = self.image_digest.removeprefix("sha256:")
        return f"{bare[:4]}…{bare[-2:]}" if bare else ""

    @property
    def document(self) -> str:
        """All that the plan knows and a message has no room for: lost values and drift, then the diff."""
        sections = []
        if self.foreign is not None and self.foreign.lost:
            head = (
                f"Values of revision {self.foreign.revision} that the configuration lacks; they would be lost"
            )
            sections.append((head, [str(each) for each in self.foreign.lost]))
        if self.drift:
            sections.append(
                ("Changed in the cluster since the release was made", [each.line for each in self.drift])
            )
        told = [f"# {head}:\n" + "".join(f"# {line}\n" for line in lines) for head, lines in sections]
        return "\n".join([*told, self.diff])

    def moved(self, before: Mapping[str, str]) -> list[str]:
        """What differs from the inputs that were shown before, in words."""
        names = dict.fromkeys((*self.inputs, *before))
        return [MOVED.get(name, name) for name in names if before.get(name, "") != self.inputs.get(name, "")]


MOVED = {
    "revision": "another revision is deployed",
    "verdict": "our judgement of the deployed revision changed",
    "chart": "the chart changed",
    "values": "the values changed",
    "image": "the image behind the tag changed",
    "cluster": "the cluster is another one",
    "cluster_version": "the cluster was upgraded",
    "identity": "the Kubernetes identity changed",
    "namespace": "the namespace changed",
    "release": "the release's name changed",
    "flags": "the options changed",
    "takes": "what is taken over changed",
    "workloads": "what would restart changed",
    "policy": "the environment's policy changed",
}
"""What it means in words when an input differs from what was confirmed."""


def with_takes(inputs: Mapping[str, str], taken: Sequence[str]) -> dict[str, str]:
    """The inputs with what is taken over; a plan that takes nothing over says nothing of it."""
    rest = {name: value for name, value in inputs.items() if name != "takes"}
    return rest | ({"takes": "\n".join(taken)} if taken else {})


def digest_of(inputs: Mapping[str, str]) -> str:
    """SHA-256 over the inputs in a canonical form, in hex."""
    return hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode()).hexdigest()
