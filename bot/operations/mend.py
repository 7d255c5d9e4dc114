"""Mend: free a release that an earlier run left unfinished."""

from bot.operations.operation import Outcome
from bot.operations.release import ReleaseArguments, ReleaseOperation
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

    async def remove(self) -> None:
        """Remove what the first install left."""
        site = self.arguments.site
        await self.tools.helm.uninstall(
            site.location, as_=site.identity, timeout=self.arguments.policy.timeout
        )
