"""How far an image is: what the message of a build shows beside its steps."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from bot.events import BuilderChosen, BuildStep, BuildStepState, BuildWords, CommitFound, Pushed

LINES = 20
"""The newest lines of the log that are kept at hand."""


class Instruction(BaseModel):
    """One instruction of a Dockerfile, as a line."""

    model_config = ConfigDict(frozen=True)

    number: int
    of: int
    stage: str
    text: str
    state: BuildStepState
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def seconds(self) -> float:
        """How long it took, once it has ended."""
        return ((self.ended_at or self.started_at) - self.started_at).total_seconds()


class BuildView(BaseModel):
    """The commit, the instructions so far, the newest lines, and the way to the registry."""

    model_config = ConfigDict(frozen=True)

    sha: str = ""
    subject: str = ""
    author: str = ""
    tag: str = ""
    builder: str = ""
    instructions: tuple[Instruction, ...] = ()
    lines: tuple[str, ...] = ()
    pushing_since: datetime | None = None
    pushed: int = 0
    size: int = 0

    def folded(
        self, event: CommitFound | BuilderChosen | BuildStep | BuildWords | Pushed, now: datetime
    ) -> BuildView:
        """The view after an event. A builder that was chosen begins from the first instruction."""
        match event:
            case CommitFound():
                changes = {
                    "sha": event.sha,
                    "subject": event.subject,
                    "author": event.author,
                    "tag": event.tag,
                }
                return self.model_copy(update=changes)
            case BuilderChosen():
                kept = self.model_dump(include={"sha", "subject", "author", "tag"})
                return BuildView(**kept, builder=event.name)
            case BuildStep():
                return self.model_copy(update={"instructions": self._with(event)})
            case BuildWords():
                lines = (*self.lines, *(line for line in event.lines if line.strip()))
                return self.model_copy(update={"lines": lines[-LINES:]})
            case Pushed():
                pushing = {"pushed": event.done, "size": event.of, "pushing_since": self.pushing_since or now}
                return self.model_copy(update=pushing)

    @property
    def current(self) -> Instruction | None:
        """The newest instruction."""
        return self.instructions[-1] if self.instructions else None

    @property
    def finished(self) -> tuple[Instruction, ...]:
        """The instructions that have ended."""
        return tuple(each for each in self.instructions if each.ended_at is not None)

    def _with(self, event: BuildStep) -> tuple[Instruction, ...]:
        key = (event.stage, event.number)
        known = next((each for each in self.instructions if (each.stage, each.number) == key), None)
        line = Instruction(
            number=event.number,
            of=event.of,
            stage=event.stage,
            text=event.instruction,
            state=event.state,
            started_at=known.started_at if known is not None else event.at,
            ended_at=None if event.state == "running" else event.at,
        )
        if known is None:
            return (*self.instructions, line)
        return tuple(line if each is known else each for each in self.instructions)
