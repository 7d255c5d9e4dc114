"""Build: make an app's image from a commit and push it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bot.events import CommitFound
from bot.images.builds import Builds, Recipe, Sourced
from bot.images.errors import ImagesError
from bot.operations.errors import StepFailed
from bot.operations.operation import Arguments, Made, Operation, Outcome, Record
from bot.operations.steps import Steps
from bot.operations.transience import is_transient
from bot.store.tables import OperationRow

LAST_LINES = 20


class BuildArguments(Arguments):
    """What was asked for; how it is made is as the configuration said then."""

    recipe: Recipe
    ref: str
    again: bool = False
    """Whether it is built though there is an image of this commit, and without the cache."""


class Build(Operation, kind="build"):
    """Make an image of a commit, unless there is one."""

    queue = "builds"
    Arguments: type[BuildArguments] = BuildArguments

    @property
    def arguments(self) -> BuildArguments:
        """The typed arguments."""
        return self.Arguments.model_validate(self.record.arguments)

    async def run(self, do: Steps) -> Outcome:
        """The commit, then the image."""
        source = await do("source", self.source)
        self.tell(CommitFound(source.sha, source.subject, source.author, source.tag))
        if source.digest and not self.arguments.again:
            return Outcome(result="done", made=await do("image", self.found, source))
        try:
            made = await do("build", self.build, source)
        except StepFailed as failure:
            return Outcome(
                result="failed",
                words=failure.words,
                advice=failure.advice,
                quote=failure.quote,
                last_words=await self.tools.builds.last_words(self.record.id, LAST_LINES),
            )
        return Outcome(result="done", made=made)

    async def source(self) -> Sourced:
        """What the ref names now."""
        with _in_words():
            return await self._builds.source(self.arguments.recipe, self.arguments.ref)

    async def found(self, source: Sourced) -> Made:
        """The image that there is of this commit already."""
        return await self._made(source, source.digest, was_there=True)

    async def build(self, source: Sourced) -> Made:
        """Build and push. A run that died in the middle begins again: what it had done is in the builder's cache."""
        arguments = self.arguments
        with _in_words():
            digest = await self._builds.make(
                self.record.id, arguments.recipe, source, self.tell, again=arguments.again
            )
        return await self._made(source, digest, was_there=False)

    async def _made(self, source: Sourced, digest: str, *, was_there: bool) -> Made:
        image = self.arguments.recipe.image
        with _in_words():
            size = await self._builds.size(image, digest)
        return Made(
            image=f"{image}:{source.tag}", tag=source.tag, digest=digest, size=size, was_there=was_there
        )

    @property
    def _builds(self) -> Builds:
        builds: Builds = self.tools.builds
        return builds


class ShipArguments(BuildArguments):
    """What is built, and the deploy that follows: a request as the plan's buttons carry it, its version left open."""

    request: dict[str, Any]


class Ship(Build, kind="ship"):
    """Make an image, then show its author the plan of its deploy, in the same message: it is confirmed as any."""

    Arguments = ShipArguments

    async def run(self, do: Steps) -> Outcome:
        """The image, then the plan. Where that can't be made the image is told of, and its deploy offered."""
        outcome = await super().run(do)
        if outcome.made is None:
            return outcome
        why_not = await do("plan", self.plan, outcome.made.tag)
        if not why_not:
            return outcome
        made = outcome.made.model_copy(update={"goes_to": self.record.environment})
        return outcome.model_copy(update={"made": made, "notes": (f"Not planned: {why_not}",)})

    async def plan(self, tag: str) -> str:
        """Make the plan of that moment and show it, in the message that the build has by now; why not, if not."""
        async with self.tools.database.read() as session:
            record = Record.of(await session.get_one(OperationRow, self.record.id))
        if record.message_id is None:
            raise TimeoutError("Telegram has not taken its message yet")
        request = {**record.arguments["request"], "version": tag}
        image: Record = replace(record, version=tag, arguments={"request": request})
        why_not: str = await self.tools.plan_image(image)
        return why_not


@contextmanager
def _in_words() -> Iterator[None]:
    """Errors that pass by themselves are left to the engine; others end the step, in their own words."""
    try:
        yield
    except ImagesError as error:
        if is_transient(error):
            raise
        advice, instruction = getattr(error, "advice", ""), getattr(error, "instruction", "")
        raise StepFailed(str(error), advice=advice, quote=instruction) from error
