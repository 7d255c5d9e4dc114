"""What an operation's message shows: progress events folded into one value, stored with the operation.

The message is a function of the newest view, so a restart redraws it. Steps only move forward.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.events import (
    BuilderChosen,
    BuildStep,
    BuildWords,
    CommitFound,
    Event,
    GoesOn,
    Held,
    HookProgress,
    Note,
    PodTrouble,
    Pushed,
    StepEnded,
    StepStarted,
    TroubleCleared,
    WorkloadProgress,
)
from bot.operations.build_view import BuildView
from bot.operations.operation import Outcome
from bot.store.tables import OperationRow

StepState = Literal["running", "done", "failed"]

HOOK_STATES: dict[str, StepState] = {"running": "running", "succeeded": "done", "failed": "failed"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class StepLine(_Part):
    """A step, or a hook, as a line of the message."""

    name: str
    title: str
    state: StepState
    started_at: datetime
    ended_at: datetime | None = None
    detail: str = ""


class WorkloadLine(_Part):
    """A workload's bar."""

    kind: str
    name: str
    ready: int
    updated: int
    desired: int


class TroubleLine(_Part):
    """A pod in trouble, in words."""

    pod: str
    workload: str
    cause: str
    words: str
    quote: str


class Hold(_Part):
    """The cluster keeps the rollout up, and a person was asked."""

    words: str
    since: datetime
    times: int = 1
    """How often it was asked so far."""
    back_to: str = ""
    waits: str = ""
    """Who has said since then that it shall wait."""


class View(_Part):
    """Everything that the message of one operation shows."""

    number: int = 0
    id: str
    kind: str
    app: str
    environment: str
    version: str
    author: str
    author_id: int
    shouts: bool = False
    quotes: bool = False
    """Whether the environment lets chats see what its pods said."""
    cancelling: bool = False
    stopped_by: str = ""
    leaves: bool = False
    """Whether it was stopped to be left as it is, whatever the environment says."""
    started_at: datetime
    ended_at: datetime | None = None
    steps: tuple[StepLine, ...] = ()
    workloads: tuple[WorkloadLine, ...] = ()
    troubles: tuple[TroubleLine, ...] = ()
    note: str = ""
    held: Hold | None = None
    behind: int = 0
    """How many of its kind go before it, while it waits in a queue."""
    build: BuildView | None = None
    """How far an image is, of what makes one."""
    outcome: Outcome | None = None

    @classmethod
    def of(cls, row: OperationRow) -> View:
        """The stored view of an operation; its first one when there is none yet."""
        if row.view.get("id"):
            return cls.model_validate(row.view)
        return cls(
            id=row.id,
            kind=row.kind,
            app=row.app or "",
            environment=row.environment or "",
            version=row.version or "",
            author=row.author_name,
            author_id=row.author_id,
            shouts=bool(row.view.get("shouts")),
            quotes=bool(row.view.get("quotes")),
            cancelling=bool(row.view.get("cancelling")),
            stopped_by=row.view.get("stopped_by", ""),
            leaves=bool(row.view.get("leaves")),
            started_at=row.started_at or row.created_at,
        )

    def folded(self, event: Event, now: datetime) -> View:
        """The view after an event; the same object when nothing that is shown has changed."""
        changes: dict[str, object] = {}
        match event:
            case StepStarted():
                if not self._is_running(event.name):
                    changes["held"] = None
                changes["steps"] = self._with_step(event.name, event.title, "running", event.at)
                changes |= {"note": "", "workloads": (), "troubles": ()}
            case StepEnded():
                changes["held"] = None
                changes["steps"] = self._ended_step(event)
                changes["note"] = ""
            case HookProgress():
                changes["steps"] = self._with_hook(event, now)
            case WorkloadProgress():
                changes["workloads"] = self._with_workload(event)
            case PodTrouble():
                changes["troubles"] = self._with_trouble(event)
            case TroubleCleared():
                changes["troubles"] = self._without_trouble(event)
            case Held():
                changes["held"] = self._with_hold(event, now)
            case GoesOn():
                changes["held"] = None
            case Note():
                changes["note"] = event.text
            case CommitFound() | BuilderChosen() | BuildStep() | BuildWords() | Pushed():
                changes["build"] = (self.build or BuildView()).folded(event, now)
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self
        return self.model_copy(update={**changes, "number": self.number + 1})

    def with_end(self, outcome: Outcome, at: datetime) -> View:
        """The final view."""
        return self.model_copy(
            update={"outcome": outcome, "ended_at": at, "held": None, "number": self.number + 1}
        )

    def as_cancelling(self, by: str, *, leaves: bool) -> View:
        """The view once somebody stopped the operation."""
        stopped = {"cancelling": True, "stopped_by": by, "leaves": leaves}
        return self.model_copy(update={**stopped, "number": self.number + 1})

    def as_waiting(self, by: str) -> View:
        """The view once somebody has said that it shall wait."""
        if self.held is None:
            return self
        held = self.held.model_copy(update={"waits": by})
        return self.model_copy(update={"held": held, "number": self.number + 1})

    def _with_hold(self, event: Held, now: datetime) -> Hold:
        """The same hold as before a restart goes on, and is not asked about anew."""
        if self.held is None:
            return Hold(words=event.words, since=now, times=event.times, back_to=event.back_to)
        if event.times > self.held.times:
            return self.held.model_copy(update={"words": event.words, "times": event.times, "waits": ""})
        return self.held.model_copy(update={"words": event.words})

    def _is_running(self, name: str) -> bool:
        return any(step.name == name and step.state == "running" for step in self.steps)

    def _with_step(self, name: str, title: str, state: StepState, at: datetime) -> tuple[StepLine, ...]:
        """Add the step; one that is run again after a restart keeps its first start."""
        if self._is_running(name):
            return self.steps
        rest = tuple(step for step in self.steps if step.name != name)
        return (*rest, StepLine(name=name, title=title, state=state, started_at=at))

    def _ended_step(self, event: StepEnded) -> tuple[StepLine, ...]:
        state: StepState = "done" if event.ok else "failed"
        ending = {"state": state, "ended_at": event.at, "detail": event.detail}
        return tuple(
            step.model_copy(update=ending) if step.name == event.name and step.state == "running" else step
            for step in self.steps
        )

    def _with_hook(self, event: HookProgress, now: datetime) -> tuple[StepLine, ...]:
        """A hook is a line of its own, before the step that is running."""
        if event.state == "waiting":
            return self.steps
        name = f"hook {event.kind}/{event.name}"
        known = next((step for step in self.steps if step.name == name), None)
        state = HOOK_STATES[event.state]
        short = event.name.removeprefix(f"{self.app}-")
        title = f"{short} {event.kind.lower()}".capitalize()
        line = StepLine(
            name=name,
            title=title,
            state=state,
            started_at=known.started_at if known else now,
            ended_at=None if state == "running" else (known.ended_at if known and known.ended_at else now),
        )
        if known is not None:
            return tuple(line if step.name == name else step for step in self.steps)
        done = tuple(step for step in self.steps if step.state != "running")
        running = tuple(step for step in self.steps if step.state == "running")
        return (*done, line, *running)

    def _with_workload(self, event: WorkloadProgress) -> tuple[WorkloadLine, ...]:
        fields = {name: value for name, value in asdict(event).items() if name != "done"}
        line = WorkloadLine(**fields)
        if any((old.kind, old.name) == (event.kind, event.name) for old in self.workloads):
            return tuple(
                line if (old.kind, old.name) == (event.kind, event.name) else old for old in self.workloads
            )
        return (*self.workloads, line)

    def _with_trouble(self, event: PodTrouble) -> tuple[TroubleLine, ...]:
        line = TroubleLine(
            pod=event.pod,
            workload=event.workload,
            cause=event.trouble.cause,
            words=event.trouble.sentence(),
            quote=event.trouble.quote,
        )
        rest = tuple(each for each in self.troubles if each.workload != event.workload)
        return (*rest, line)

    def _without_trouble(self, event: TroubleCleared) -> tuple[TroubleLine, ...]:
        return tuple(
            each
            for each in self.troubles
            if not (each.cause == event.cause and (event.workload or each.workload) == each.workload)
        )
