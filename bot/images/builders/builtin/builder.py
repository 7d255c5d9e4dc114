"""The built-in builder as the bot talks to it: one instruction after the other, then the push."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event
from typing import NoReturn, ParamSpec, TypeVar

from bot.clock import Clock
from bot.events import BuildStep, BuildWords, Pushed
from bot.images.builders.building import Builder, BuildRequest, Tell, out_of_time
from bot.images.builders.builtin.context import Context
from bot.images.builders.builtin.parsing import Elsewhere, Instruction, parse, refusal
from bot.images.builders.builtin.stage import Stage
from bot.images.builders.dockerfiles import text_of
from bot.images.builders.platforms import this_platform
from bot.images.errors import BuildFailed
from bot.images.pushing import Image
from bot.images.registry import Registries
from bot.images.wording import one_line

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Builtin:
    """Builds what runs nothing, by itself."""

    name = "builtin"

    def __init__(
        self,
        registries: Callable[[], Registries],
        others: Sequence[Builder],
        seconds: Callable[[], float],
        clock: Clock,
    ) -> None:
        """`others` are those that can do what it can't, `seconds` the longest that a build may take."""
        self._registries = registries
        self._others = others
        self._seconds = seconds
        self._clock = clock

    async def missing(self) -> str:
        """Nothing: it can always build."""
        return ""

    async def goes_on(self, _build: str) -> bool:
        """Never: it ends with the bot."""
        return False

    async def build(self, request: BuildRequest, tell: Tell) -> str:
        """Build and push. Raises also what the registry raises."""
        seconds = self._seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._build(request, tell)
        except TimeoutError:
            raise out_of_time(seconds) from None
        except Elsewhere as refused:
            advice = await self._elsewhere()
            raise BuildFailed(str(refused), instruction=refused.instruction, advice=advice) from refused

    async def trim(self, most: int) -> None:
        """Nothing: it keeps nothing."""

    async def _build(self, request: BuildRequest, tell: Tell) -> str:
        image = await self._made(request, tell)
        tell(Pushed(0, image.size))
        repository, _, tag = request.image.rpartition(":")
        return await self._registries().push(
            repository, tag, image, lambda done: tell(Pushed(done, image.size))
        )

    async def _made(self, request: BuildRequest, tell: Tell) -> Image:
        if len(request.platforms) > 1:
            raise Elsewhere("An image for several platforms needs another builder")
        instructions = parse(await asyncio.to_thread(text_of, request.dockerfile))
        steps = [
            BuildStep(number, len(instructions), "", each.text, "running", self._clock.now())
            for number, each in enumerate(instructions, start=1)
        ]
        self._check(instructions, steps, tell)
        context = await asyncio.to_thread(Context, request.context, request.dockerfile)
        stage = Stage(context, request.room, request.args, next(iter(request.platforms), this_platform()))
        for instruction, step in zip(instructions, steps, strict=True):
            tell(begun := replace(step, at=self._clock.now()))
            try:
                said = await _apart(stage.follow, instruction)
            except (BuildFailed, OSError) as error:
                self._fail(begun, error, tell)
            if said:
                tell(BuildWords((said,)))
            tell(replace(begun, state="done", at=self._clock.now()))
        if request.target is not None and request.target != stage.name:
            raise BuildFailed(f"The Dockerfile has no stage {one_line(request.target, longest=40)}")
        return stage.image(self._clock.now(), request.labels)

    def _check(self, instructions: Sequence[Instruction], steps: Sequence[BuildStep], tell: Tell) -> None:
        """Refuse what can't be done before anything is. Raises: BuildFailed."""
        stages = 0
        for instruction, step in zip(instructions, steps, strict=True):
            stages += instruction.name == "FROM"
            refused = refusal(instruction) if stages < 2 else Elsewhere("A second FROM needs another builder")
            if refused is not None:
                self._fail(step, refused, tell)
        if not stages:
            raise BuildFailed("The Dockerfile has no FROM")

    def _fail(self, step: BuildStep, error: BuildFailed | OSError, tell: Tell) -> NoReturn:
        """End the build at a step."""
        tell(step)
        tell(replace(step, state="failed", at=self._clock.now()))
        if isinstance(error, OSError):
            raise BuildFailed(f"A file can't be copied: {error.strerror}", instruction=step.instruction)
        error.instruction = step.instruction
        raise error

    async def _elsewhere(self) -> str:
        """How another builder comes to build it."""
        for other in self._others:
            lacks = await other.missing()
            return (
                f"{lacks[:1].upper()}{lacks[1:].rstrip('.')}"
                if lacks
                else f"Set builds.builder to {other.name}"
            )
        return ""


async def _apart(work: Callable[..., _R], *arguments: object) -> _R:
    """Work in a thread; when we are cancelled it is told to stop, and waited for: it works on files of the build."""
    stop = Event()
    working = asyncio.ensure_future(asyncio.to_thread(work, *arguments, stop))
    try:
        return await asyncio.shield(working)
    finally:
        stop.set()
        await asyncio.wait((working,))
        working.exception()  # looked at here, where a cancel is raised instead
