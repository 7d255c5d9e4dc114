"""Push: what a git host's push brings about. An image, and its deploy where the environment lets pushes start one."""

from bot.images.builds import Sourced
from bot.operations.build import Build, BuildArguments
from bot.operations.errors import StepFailed
from bot.operations.operation import Outcome
from bot.operations.steps import Steps
from bot.operations.tools import Tools

WAS_THERE = "Nothing is deployed by itself: there was an image of this commit"


class PushArguments(BuildArguments):
    """What was pushed, and what for."""

    webhook: str
    """The webhook in whose name all of it is done, by the rights that it has at that moment."""
    is_tag: bool = False
    """Whether a tag was pushed, not a branch."""
    environment: str = ""
    """Where the image is meant to go; "" where that was not said."""
    starts: bool = False
    """Whether its deploy there is to be started, where nothing speaks against it."""


class Push(Build, kind="push"):
    """Make an image of what was pushed; offer it, or start its deploy."""

    Arguments = PushArguments
    tools: Tools

    async def run(self, do: Steps) -> Outcome:
        """The image, then its deploy. That of an old push, told of again, is left to people: much may be newer."""
        outcome = await super().run(do)
        arguments = self._arguments
        if outcome.made is None:
            return outcome
        made = outcome.made.model_copy(update={"goes_to": arguments.environment})
        why_not = ""
        if arguments.starts:
            why_not = WAS_THERE if made.was_there else await do("deploy", self.deploy, made.tag)
            made = made.model_copy(update={"is_going": not why_not})
        return outcome.model_copy(update={"made": made, "notes": (why_not,) if why_not else ()})

    async def source(self) -> Sourced:
        """The commit that was pushed, or a newer one of the same branch.

        A tag that is called like a branch comes before it, and may be anybody's who could not push to the branch.
        """
        source = await super().source()
        if source.is_version != self._arguments.is_tag:
            raise StepFailed(
                f"{self._arguments.ref} is a tag and a branch: which of them was pushed can't be built by name",
                advice="Delete or rename one of them",
            )
        return source

    async def deploy(self, tag: str) -> str:
        """Hand the deploy in; why that was not done, "" where it was."""
        arguments = self._arguments
        return await self.tools.start(self.record, arguments.webhook, arguments.environment, tag)

    @property
    def _arguments(self) -> PushArguments:
        return PushArguments.model_validate(self.record.arguments)
