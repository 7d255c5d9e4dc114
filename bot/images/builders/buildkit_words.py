"""What BuildKit's progress means: `buildctl build --progress rawjson` prints one `SolveStatus` a line.

https://pkg.go.dev/github.com/moby/buildkit/client#SolveStatus
"""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.events import BuildStep, BuildStepState, BuildWords, Pushed
from bot.images.builders.building import Tell, no_program_here, no_such_program
from bot.images.errors import BuildFailed
from bot.images.wording import one_line

_STEP = re.compile(
    r"\[(?:(?P<stage>\S[^\]]*?) )? *(?P<number>\d+)/(?P<of>\d+)\] (?P<instruction>.+)", re.DOTALL
)
"""With the platform and the name of the stage where there are several; numbers below ten are set in as far as the last
one is wide."""
_STATUS = re.compile(r"exit code: (\d+)")
_NEEDLESS = re.compile(r"^(?:error: )?(?:failed to solve: )?(?:failed to calculate checksum of ref \S+: )?")
_NOT_STARTED = re.compile(r"runc run failed: unable to start container process: (exec: .+)")
_ABSENT = re.compile(r"no such file or directory|executable file not found")
_NO_PROGRAM = "exec format error"
_PUSHING = "pushing layers"
"""It is told that they are pushed, not how many bytes."""


class BuildkitWords:
    """Reads the lines of one build and tells what they mean."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._steps: dict[str, BuildStep] = {}
        self._pushes = False
        self._failed: tuple[str, str] = ("", "")
        self._last: deque[str] = deque(maxlen=5)

    def read(self, lines: Sequence[str]) -> None:
        """Take the next lines; one that is no progress is somebody's words."""
        for line in lines:
            try:
                self._read(json.loads(line))
            except (AttributeError, KeyError, TypeError, ValueError):
                self._take(line)

    def failure(self, status: int) -> BuildFailed:
        """Why a build failed."""
        instruction, error = self._failed
        code = _STATUS.search(error)
        if code is not None:
            return self._exit(code[1], instruction)
        said = error or (self._last[-1] if self._last else f"buildctl ended with {status}")
        return BuildFailed(one_line(_NEEDLESS.sub("", said), longest=160), instruction=instruction)

    def _exit(self, status: str, instruction: str) -> BuildFailed:
        """Why an instruction ended with that status: by itself, or because it could not begin."""
        if any(_NO_PROGRAM in line for line in self._last):
            return no_program_here(instruction)
        not_begun = next(filter(None, map(_NOT_STARTED.search, self._last)), None)
        if not_begun is None:
            return BuildFailed(f"Exit {status}", instruction=instruction)
        if _ABSENT.search(not_begun[1]):
            return no_such_program(instruction)
        return BuildFailed(one_line(not_begun[1], longest=160), instruction=instruction)

    def _take(self, line: str) -> None:
        """Somebody's words; beside a failure they only say it again."""
        if line.strip() and not self._failed[1]:
            self._last.append(line)
            self._tell(BuildWords((line,)))

    def _read(self, status: Mapping[str, Any]) -> None:
        for vertex in status.get("vertexes") or ():
            self._vertex(vertex)
        for each in status.get("statuses") or ():
            self._progress(each)
        for each in status.get("logs") or ():
            self._said(each)

    def _vertex(self, vertex: Mapping[str, Any]) -> None:
        name, error = str(vertex.get("name") or ""), str(vertex.get("error") or "")
        step = _STEP.fullmatch(name)
        if error and "context canceled" not in error:
            self._failed = (step["instruction"] if step is not None else "", error)
        if step is None or not vertex.get("started"):
            return
        state: BuildStepState = "running"
        if error:
            state = "failed"
        elif vertex.get("completed"):
            state = "cached" if vertex.get("cached") else "done"
        at = _moment(str(vertex.get("completed") or vertex["started"]))
        number, of = int(step["number"]), int(step["of"])
        told = BuildStep(number, of, step["stage"] or "", step["instruction"], state, at)
        if self._steps.get(str(vertex.get("digest"))) != told:
            self._steps[str(vertex.get("digest"))] = told
            self._tell(told)

    def _progress(self, status: Mapping[str, Any]) -> None:
        if status.get("id") == _PUSHING and not self._pushes:
            self._pushes = True
            self._tell(Pushed(0, 0))

    def _said(self, log: Mapping[str, Any]) -> None:
        text = base64.b64decode(log["data"], validate=True).decode(errors="replace")
        lines = tuple(line for line in text.splitlines() if line.strip())
        if lines:
            self._last.extend(lines)
            self._tell(BuildWords(lines))


def _moment(text: str) -> datetime:
    """RFC 3339 with nanoseconds, as Go prints it. Raises: ValueError."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)
