"""What Docker's messages mean: the stream of `POST /build` with the classic builder, and that of an image's push.

https://docs.docker.com/reference/api/engine/. What instructions say comes in the same texts as what the daemon says of
them, so that these decide nothing; the image's id and its digest are read where instructions can't write.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.clock import Clock
from bot.events import BuildStep, BuildStepState, BuildWords, Pushed
from bot.images.builders.building import Tell, no_program_here, no_such_program
from bot.images.errors import BuildFailed
from bot.images.wording import one_line

Message = Mapping[str, Any]

_STEP = re.compile(r"Step (?P<number>\d+)/(?P<of>\d+) : (?P<instruction>.+)", re.DOTALL)
_CACHED = " ---> Using cache\n"
_OF_THE_DAEMON = re.compile(
    r" ---> (?P<image>[0-9a-f]{12})?\n"
    r"| ---> Running in [0-9a-f]{12}\n"
    r"|(?: ---> )?Remov(?:ing|ed) intermediate container [0-9a-f]{12}\n"
    r"|Successfully built [0-9a-f]{12}\n"
)
_STDERR = re.compile("\x1b\\[91m(.*)\x1b\\[0m", re.DOTALL)
"""How words of stderr come: the daemon reddens them."""
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST_LINE = 2**16
_NO_SHELL = re.compile(r'exec: ".*": (?:stat .*: no such file|executable file not found)')
_NO_PROGRAM = "exec format error"


class DockerWords:
    """Reads the messages of one build and tells what they mean."""

    def __init__(self, tell: Tell, clock: Clock, *, labels: int) -> None:
        """`labels` is how many instructions Docker appends for those that it was given as options."""
        self._tell = tell
        self._clock = clock
        self._labels = labels
        self._step: BuildStep | None = None
        self._error = ""
        self._status: int | None = None
        self._rest = ""
        self._is_stderr = False
        """Whether `_rest`, a line without its end, is of stderr."""
        self._last: deque[str] = deque(maxlen=5)
        self._reached = ""
        self._made: list[str] = []

    def read(self, message: Message) -> None:
        """Take the next message."""
        if "error" in message:
            self._error = str(message["error"])
            self._status = (message.get("errorDetail") or {}).get("code")
        elif "aux" in message:
            self._made.append(str(message["aux"]["ID"]).removeprefix("sha256:"))
        elif "stream" in message:
            self._stream(str(message["stream"]))
        elif "status" in message and "progressDetail" not in message:
            of = f"{message['id']}: " if message.get("id") else ""
            self._say(f"{of}{message['status']}\n")

    def ended(self) -> str:
        """No more messages come; the image's id. Raises: BuildFailed where one said that it failed."""
        self._flush()
        self._end("failed" if self._error or not self._made else "done")
        if self._error:
            raise self._failure()
        if not self._made:
            raise BuildFailed("Docker ended the build without a word")
        return self._made[-1]

    def worth_keeping(self) -> set[str]:
        """Ids of images that a later build may begin from, of 12 digits: each stage's, and how far the last one came.

        The latter may be what an instruction wrote: it may name any image that Docker has.
        """
        return {each[:12] for each in (*self._made, self._reached) if each}

    def _failure(self) -> BuildFailed:
        at = self._step.instruction if self._step is not None else ""
        if any(_NO_PROGRAM in each for each in (self._error, *self._last)):
            return no_program_here(at)
        if _NO_SHELL.search(self._error):
            return no_such_program(at)
        if self._status is not None:
            return BuildFailed(f"Exit {self._status}", instruction=at)
        return BuildFailed(one_line(self._error, longest=160), instruction=at)

    def _stream(self, text: str) -> None:
        if step := _STEP.fullmatch(text):
            self._flush()
            self._end("done")
            self._begin(step)
        elif text == _CACHED:
            self._end("cached")
        elif said := _OF_THE_DAEMON.fullmatch(text):
            self._flush()
            self._reached = said["image"] or self._reached
        else:
            stderr = _STDERR.fullmatch(text)
            if self._is_stderr != (stderr is not None):
                self._flush()
                self._is_stderr = stderr is not None
            self._say(stderr[1] if stderr is not None else text)

    def _say(self, text: str) -> None:
        """Tell the whole lines; they come in pieces of any size."""
        *lines, self._rest = _LINE_END.split(self._rest + text)
        if len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], ""
        said = tuple(line for line in lines if line.strip())
        if said:
            self._last.extend(said)
            self._tell(BuildWords(said))

    def _flush(self) -> None:
        if self._rest:
            self._say("\n")

    def _begin(self, step: re.Match[str]) -> None:
        number, of = int(step["number"]), int(step["of"]) - self._labels
        if number <= of:
            self._step = BuildStep(number, of, "", step["instruction"], "running", self._clock.now())
            self._tell(self._step)

    def _end(self, state: BuildStepState) -> None:
        if self._step is not None and self._step.state == "running":
            self._step = replace(self._step, state=state, at=self._clock.now())
            self._tell(self._step)


class PushWords:
    """Reads the messages of one push, tells how many bytes of the layers have arrived, and finds the digest."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._layers: dict[str, tuple[int, int]] = {}
        """Bytes that have arrived, and of how many, of each layer that the registry lacks."""
        self._told = Pushed(0, 0)
        self.digest = ""
        """Of what was pushed; "" until it is told."""
        tell(self._told)

    def read(self, message: Message) -> None:
        """Take the next message."""
        self.digest = str((message.get("aux") or {}).get("Digest") or self.digest)
        layer, progress = str(message.get("id") or ""), message.get("progressDetail") or {}
        if message.get("status") == "Pushing" and progress.get("total"):
            of = int(progress["total"])
            self._layers[layer] = min(int(progress.get("current") or 0), of), of
        elif message.get("status") == "Pushed" and layer in self._layers:
            self._layers[layer] = self._layers[layer][1], self._layers[layer][1]
        told = Pushed(*map(sum, zip(*self._layers.values(), strict=True))) if self._layers else self._told
        if told != self._told:
            self._told = told
            self._tell(told)
