"""The typed progress events that operations yield: what happened, in values that can be stored and drawn.

Low in the tree, so that the rollout can speak of its pods and the engine of its steps without knowing each
other. Layout, masking of quotes and what a message shows of them are left to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Fault = Literal["version", "cluster"]
"""Whose trouble it is: the version that is being rolled out, or the cluster under every version."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One cause for which a workload, pod, hook or claim does not become healthy."""

    cause: str
    """A stable name (`image-missing`, `out-of-memory`, ...) for metrics, filters and folding."""
    words: str
    """One plain sentence or less, first letter large, no full stop: "Secret shop-db is missing"."""
    where: str
    """The object that shows it, as "Kind/name"."""
    workload: str = ""
    """The workload it belongs to, as "Kind/name"; "" where there is none."""
    quote: str = ""
    """The cluster's or the application's own words; not yet masked."""
    advice: str = ""
    """How to mend it, as an imperative without a full stop; "" where nobody can tell."""
    fault: Fault = "version"
    fatal_early: bool = False
    """Whether waiting longer cannot mend it."""
    grace: float | None = None
    """Seconds after which it counts as the version's failure; None: only the rollout's time-out ends it."""
    sure: bool = True
    """False where the cause is the most likely reading of what the cluster shows, not what it says."""
    old_too: bool = False
    """Whether pods of the version before show it as well, so that this version did not bring it."""
    before: bool = False
    """Whether its workload was unwell before, and is not touched: then it decides nothing."""
    restarts: int = 0
    """How often the container that shows it was started again."""
    pods: int = 1
    """How many pods of the workload show it."""
    of: int = 1
    """Of how many pods."""

    def sentence(self) -> str:
        """The words, and how many pods they are true of: "3 of 3 pods: Out of memory"."""
        said = f"{self.pods} of {self.of} pods: {self.words}" if self.of > 1 else self.words
        if self.before:
            return f"{said} (was so before)"
        return f"{said}; old pods have it too" if self.old_too else said


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step of an operation has begun."""

    name: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step of an operation has ended; `detail` says why where `ok` is false."""

    name: str
    at: datetime
    ok: bool
    detail: str = ""


HookState = Literal["waiting", "running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class HookProgress:
    """A Job or pod that Helm runs before or after the rest has moved."""

    kind: str
    name: str
    state: HookState
    attempts: int = 0
    """How many of its pods have failed so far."""


@dataclass(frozen=True, slots=True)
class WorkloadProgress:
    """How far a workload's newest revision is, in pods."""

    kind: str
    name: str
    ready: int
    updated: int
    desired: int
    done: bool = False
    """Whether it has arrived: all pods new, ready, and no old one left."""


@dataclass(frozen=True, slots=True)
class PodTrouble:
    """Something keeps a workload from becoming healthy; told again when the words or the count change."""

    pod: str
    """The pod that shows it ("" where no pod exists); its last five characters are what people read."""
    workload: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class TroubleCleared:
    """A trouble that was told is over."""

    pod: str
    cause: str
    workload: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The cluster keeps the rollout from going on, by no fault of the version: a person is asked what to do."""

    words: str
    times: int = 1
    """How often it was asked so far: a hold that lasts is asked about again."""
    back_to: str = ""
    """The version that a rollback would return to; "" where there is none, or where this is the way back."""


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What held the rollout is over."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence worth showing beside the steps."""

    text: str


BuildStepState = Literal["running", "done", "cached", "failed"]


@dataclass(frozen=True, slots=True)
class CommitFound:
    """The commit that is built."""

    sha: str
    subject: str
    author: str
    tag: str


@dataclass(frozen=True, slots=True)
class BuilderChosen:
    """What builds, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class BuildStep:
    """An instruction of a Dockerfile: the `number`th of `of` in one of its stages."""

    number: int
    of: int
    stage: str
    """Which of several; "" where there is one."""
    instruction: str
    state: BuildStepState
    at: datetime


@dataclass(frozen=True, slots=True)
class BuildWords:
    """What a build said since the last time, in whole lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    """An image is on its way to the registry: `done` bytes have arrived, `of` how many (0: nobody can tell)."""

    done: int
    of: int


Event: TypeAlias = (
    StepStarted
    | StepEnded
    | HookProgress
    | WorkloadProgress
    | PodTrouble
    | TroubleCleared
    | Held
    | GoesOn
    | Note
    | CommitFound
    | BuilderChosen
    | BuildStep
    | BuildWords
    | Pushed
)
