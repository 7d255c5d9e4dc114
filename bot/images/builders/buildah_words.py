"""What Buildah's lines mean: which instruction it is at, what it took from its cache, why it failed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from bot.clock import Clock
from bot.events import BuildStep, BuildStepState, BuildWords, Pushed
from bot.images.builders.building import Tell, no_program_here, no_such_program
from bot.images.builders.platforms import is_foreign
from bot.images.errors import BuildFailed
from bot.images.wording import one_line

_STEP = re.compile(
    r"(?:\[(?P<stage>\d+)/(?P<stages>\d+)\] )?STEP (?P<number>\d+)/(?P<of>\d+): (?P<instruction>.+)"
)
_CACHED = re.compile(r"--> Using cache\b")
_ERROR = re.compile(r"(?i)error: (?:building at STEP \"(?P<instruction>.*?)\": )?(?P<words>.+)")
_OF_BUILDAH = re.compile(r"(?:sub)?process (?:exited|failed to start) with|(?i:error:)|\s*$")
"""What it says itself of an instruction that failed."""
_STATUS = re.compile(r"exit status (\d+)")
_EARLIER = re.compile(r"(?<=^FROM )[0-9a-f]{64}")
_NO_SHELL = "exec: not started"
_NO_PROGRAM = "exec format error"


class BuildahWords:
    """Reads the lines of one build and tells what they mean."""

    def __init__(
        self, tell: Tell, clock: Clock, *, labels: int, platform: str = "", several: bool = False
    ) -> None:
        """`labels` is how many instructions buildah appends for those that it was given as options.

        `platform` is what is built for, "" where nobody asked for one; it is told with each step where there are
        `several`.
        """
        self._tell = tell
        self._clock = clock
        self._labels = labels
        self._platform = platform
        self._several = several
        self._step: BuildStep | None = None
        self._error = ""
        self._silent = True
        """Whether the instruction has said nothing yet."""
        self._last: deque[str] = deque(maxlen=5)

    def read(self, lines: Sequence[str]) -> None:
        """Take the next lines."""
        said = [line for line in lines if not self._is_about_steps(line)]
        self._last.extend(line for line in said if line.strip())
        if said:
            self._tell(BuildWords(tuple(said)))

    def ended(self) -> None:
        """All instructions are done."""
        self._end("done")

    def pushes(self) -> None:
        """The push begins."""
        self._tell(Pushed(0, 0))

    def failure(self, status: int) -> BuildFailed:
        """Why a build failed."""
        self._end("failed")
        at = self._step.instruction if self._step is not None else ""
        match = _ERROR.fullmatch(self._error)
        if match is None:
            return BuildFailed(f"buildah ended with {status}: {one_line(self.last, longest=160)}")
        code = _STATUS.search(match["words"])
        if code is not None and any(_NO_PROGRAM in line for line in self._last):
            return no_program_here(at, self._platform if is_foreign(self._platform) else "")
        if code is not None and any(_NO_SHELL in line for line in self._last):
            return no_such_program(at)
        if code is not None:
            return BuildFailed(f"Exit {code[1]}", instruction=at, advice=self._guess(code[1]))
        return BuildFailed(one_line(match["words"], longest=160), instruction=match["instruction"] or at)

    def _guess(self, status: str) -> str:
        """What may have kept an instruction from its work: buildah's own words of it get lost on a busy machine."""
        if status == "1" and self._silent and is_foreign(self._platform):
            return (
                f"If the bot's machine can't run programs of {self._platform}, install qemu-user-static there"
            )
        return ""

    @property
    def last(self) -> str:
        """The last line that says something."""
        return self._error or (self._last[-1] if self._last else "")

    def _is_about_steps(self, line: str) -> bool:
        step = _STEP.fullmatch(line)
        if step is not None:
            self._end("done")
            self._begin(step)
            return True
        if _CACHED.search(line):
            self._end("cached")
            return True
        if line.startswith("--> "):
            return True
        if _ERROR.fullmatch(line):
            self._error = line
        self._silent &= _OF_BUILDAH.match(line) is not None
        return False

    def _begin(self, step: re.Match[str]) -> None:
        number, of = int(step["number"]), int(step["of"])
        of -= self._labels if step["stage"] == step["stages"] else 0
        if number <= of:
            now = self._clock.now()
            # A stage that begins from another one is told by the id of what that came to, which says nothing.
            instruction = _EARLIER.sub("an earlier stage", step["instruction"])
            stage = f"{step['stage']} of {step['stages']}" if step["stages"] else ""
            if self._several:
                stage = f"{self._platform} {stage}".rstrip()
            self._silent = True
            self._step = BuildStep(number, of, stage, instruction, "running", now)
            self._tell(self._step)

    def _end(self, state: BuildStepState) -> None:
        if self._step is not None and self._step.state == "running":
            self._step = replace(self._step, state=state, at=self._clock.now())
            self._tell(self._step)
