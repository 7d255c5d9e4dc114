"""Rollback: put a release back to an earlier revision. Needs the cluster and Telegram alone."""

import structlog

from bot.operations.change import Changed
from bot.operations.operation import Outcome
from bot.operations.release import ReleaseArguments, ReleaseOperation
from bot.operations.steps import Steps
from bot.store.verdicts import Judgement

log = structlog.get_logger(__name__)


class RollbackArguments(ReleaseArguments):
    """What was confirmed."""

    revision: int
    lasting: tuple[str, ...] = ()
    """What it does not bring back, as the plan said it."""


class Rollback(ReleaseOperation, kind="rollback"):
    """Put a release back to an earlier revision and see it through."""

    Arguments = RollbackArguments

    @property
    def arguments(self) -> RollbackArguments:
        """As confirmed."""
        return RollbackArguments.model_validate(self.record.arguments)

    async def run(self, do: Steps) -> Outcome:
        """Preflight, rollout, and the withdrawal of what was announced."""
        await do("preflight", self.preflight)
        changed = await do("rollout", self.rollout)
        notes = self.arguments.lasting
        shared = {"revision": changed.revision, "ready": changed.ready, "notes": notes}
        if changed.health == "healthy":
            if self.arguments.policy.announces:
                await do("withdraw", self.withdraw)
            return Outcome(result="done", back_to=self.record.version, **shared)
        return Outcome(
            result="failed",
            words=changed.words,
            advice=changed.advice,
            quote=changed.quote,
            last_words=changed.last_words,
            **shared,
        )

    async def cancelled(self, do: Steps) -> Outcome:
        """A rollback that began is left as it is: there is nothing better to go back to."""
        history = await self.change.history()
        if not history or history[-1].number <= self.arguments.base:
            return Outcome(result="cancelled", words="nothing was changed")
        await do("unlock", self.close, "Stopped: it was cancelled")
        return Outcome(result="cancelled", words="left as it is", revision=history[-1].number)

    async def preflight(self) -> None:
        """Nothing moved, and the rights."""
        await self.check_unmoved()
        await self.check_rights()

    async def rollout(self) -> Changed:
        """Helm's rollback with the rollout's watch beside it."""
        wanted = Judgement(
            revision=self.arguments.revision,
            health="unknown",
            at=self.record.created_at,
            version=self.record.version,
        )
        return await self.back_to(wanted)

    async def withdraw(self) -> None:
        """Say in the notice of what ran before that it was withdrawn."""
        try:
            await self.tools.notices.withdrawn(
                app=self.record.app,
                environment=self.record.environment,
                version=self.arguments.before,
                back_to=self.record.version,
            )
        except Exception:
            log.exception("the notice could not be withdrawn")
