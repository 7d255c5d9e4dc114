"""Rollback: put a release back to an earlier revision. Needs the cluster and Telegram alone."""

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.helm.releases import Revision
from bot.operations.change import Changed
from bot.operations.closing import close_unfinished
from bot.operations.operation import Outcome
from bot.operations.release import ReleaseArguments, ReleaseOperation, is_back, made_by
from bot.operations.steps import Steps
from bot.store.verdicts import Judgement

log = structlog.get_logger(__name__)


class RollbackArguments(ReleaseArguments):
    """What was confirmed."""

    revision: int
    lasting: tuple[str, ...] = ()
    """What it does not bring back, as the plan said it."""
    stops: str = ""
    """The deploy that was stopped for it: what that made is no surprise. `base` is then the newest before it."""


class Rollback(ReleaseOperation, kind="rollback"):
    """Put a release back to an earlier revision and see it through."""

    Arguments = RollbackArguments

    @property
    def arguments(self) -> RollbackArguments:
        """As confirmed."""
        return RollbackArguments.model_validate(self.record.arguments)

    async def run(self, do: Steps) -> Outcome:
        """Preflight, rollout, and the withdrawal of what was announced."""
        is_back_already = await do("preflight", self.preflight)
        changed = await do("rollout", self.rollout)
        notes = self.arguments.lasting
        shared = {"revision": changed.revision, "ready": changed.ready, "notes": notes}
        if changed.health == "healthy":
            if self.arguments.policy.announces:
                await do("withdraw", self.withdraw)
            words = "stopping the deploy had brought it back" if is_back_already else ""
            return Outcome(result="done", back_to=self.record.version, words=words, **shared)
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

    async def preflight(self) -> bool | None:
        """Nothing moved, and the rights; whether the end of the deploy that was stopped left nothing to do."""
        await self.check_unmoved()
        await self.check_rights()
        history = await self.change.history()
        arguments = self.arguments
        return bool(arguments.stops) and is_back(history, arguments.revision, arguments.base)

    def is_expected(self, history: list[Revision]) -> bool:
        """What the deploy that was stopped has made is expected, and so is its own way back."""
        stops = self.arguments.stops
        return bool(stops) and made_by(history, self.arguments.base, stops)

    async def rollout(self) -> Changed:
        """Helm's rollback with the rollout's watch beside it."""
        if self.arguments.stops:
            await close_unfinished(
                self.tools,
                self.arguments.site,
                after=self.arguments.base,
                words="Stopped for a rollback",
                operation_id=self.arguments.stops,
            )
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
        except (OperationalError, InterfaceError):
            raise  # the store can't be written now: the operation is run again, and the notice is not lost
        except Exception:
            log.exception("the notice could not be withdrawn")
