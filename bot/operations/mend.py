"""Mend: free a release that an earlier run left unfinished."""

from bot.operations.closing import close_unfinished
from bot.operations.operation import Outcome
from bot.operations.release import ReleaseArguments, ReleaseOperation
from bot.operations.removing import remove_keeping_disks
from bot.operations.steps import Steps
from bot.store.verdicts import Judgement


class MendArguments(ReleaseArguments):
    """`base` is the unfinished revision."""


class Mend(ReleaseOperation, kind="mend"):
    """Roll back to the last healthy revision, or remove a first install that never ended."""

    Arguments = MendArguments

    async def run(self, do: Steps) -> Outcome:
        """Check that nothing moved, then roll back."""
        await do("preflight", self.check_unmoved)
        wanted = await self.wanted()
        if wanted is None:
            await do("remove", self.remove)
            return Outcome(result="done")
        await do("unlock", self.close_base)
        changed = await do("rollout", self.back_to, wanted)
        shared = {"revision": changed.revision, "ready": changed.ready}
        if changed.health == "healthy":
            return Outcome(result="done", back_to=wanted.version, **shared)
        return Outcome(
            result="failed", words=changed.words, advice=changed.advice, quote=changed.quote, **shared
        )

    async def wanted(self) -> Judgement | None:
        """The last healthy revision, else the one that Helm calls deployed; None when there is neither."""
        base = self.arguments.base
        healthy = await self.healthy_before(base)
        if healthy is not None:
            return healthy
        past = await self.tools.releases.past(self.arguments.site)
        earlier = [
            each
            for each in past.revisions
            if each.number < base and each.status in ("deployed", "superseded")
        ]
        if not earlier:
            return None
        return Judgement(revision=earlier[-1].number, health="unknown", at=self.record.created_at)

    async def close_base(self) -> None:
        """End the unfinished revision, whose run a person has called dead."""
        base = self.arguments.base
        await close_unfinished(self.tools, self.arguments.site, after=base - 1, words="Stopped: its run died")

    async def remove(self) -> None:
        """Remove what the first install left, without its disks."""
        await remove_keeping_disks(self.tools, self.arguments.site, self.arguments.policy.timeout)
