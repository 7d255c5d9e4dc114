"""Mend: free a release that an earlier run left unfinished."""

from bot.operations.closing import close_unfinished
from bot.operations.operation import Outcome
from bot.operations.release import ReleaseArguments, ReleaseOperation
from bot.operations.removing import remove_keeping_disks
from bot.operations.steps import Steps
from bot.store.verdicts import Judgement


class MendArguments(ReleaseArguments):
    """`base` is the unfinished revision."""

    to: int
    """The revision to return to; 0 to remove what the first install left."""


class Mend(ReleaseOperation, kind="mend"):
    """Roll back to the last healthy revision, or remove a first install that never ended."""

    Arguments = MendArguments

    async def run(self, do: Steps) -> Outcome:
        """Check that nothing moved, then roll back."""
        await do("preflight", self.check_unmoved)
        arguments = MendArguments.model_validate(self.record.arguments)
        if not arguments.to:
            await do("remove", self.remove)
            return Outcome(result="done", words="the unfinished install was removed, disks kept")
        past = await self.tools.releases.past(arguments.site)
        unjudged = Judgement(revision=arguments.to, health="unknown", at=self.record.created_at)
        wanted = past.verdicts.get(arguments.to, unjudged)
        await do("unlock", self.close_base)
        changed = await do("rollout", self.back_to, wanted)
        shared = {"revision": changed.revision, "ready": changed.ready}
        if changed.health == "healthy":
            back_to = wanted.version or f"Revision {wanted.revision}"
            return Outcome(result="done", back_to=back_to, **shared)
        return Outcome(
            result="failed", words=changed.words, advice=changed.advice, quote=changed.quote, **shared
        )

    async def close_base(self) -> None:
        """End the unfinished revision, whose run a person has called dead."""
        base = self.arguments.base
        await close_unfinished(self.tools, self.arguments.site, after=base - 1, words="Stopped: its run died")

    async def remove(self) -> None:
        """Remove what the first install left, without its disks."""
        await remove_keeping_disks(self.tools, self.arguments.site, self.arguments.policy.timeout)
