"""Deploy: upgrade or install one release and see it through."""

import asyncio
import json
from collections.abc import Sequence

import structlog
from pydantic import BaseModel
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.cluster.errors import ClusterError
from bot.helm.charts import ChartArchive
from bot.helm.diagnosing import diagnose
from bot.helm.errors import ClusterUnreachable, HelmError, HookFailed
from bot.helm.releases import ReleaseRecord, Revision
from bot.operations import endings
from bot.operations.change import Changed, overtaken, stopped
from bot.operations.errors import StepFailed
from bot.operations.keeping import keeping
from bot.operations.operation import Outcome
from bot.operations.pruning import prune, room
from bot.operations.release import ReleaseArguments, ReleaseOperation, made_by
from bot.operations.removing import remove_keeping_disks
from bot.operations.steps import Steps
from bot.planning.errors import PlanRefused
from bot.planning.going_back import lasting, read_way
from bot.planning.releases import OPERATION_LABEL
from bot.store.verdicts import Judgement

log = structlog.get_logger(__name__)

CHART = "chart"
VALUES = "values"
STOPPED = "Stopped: the bot died"
"""Why a revision failed that an earlier run of an operation left half-done: it is made again."""
LEFT = "Stopped: it was left as it is"
TRIES = 3
"""Revisions that one deploy makes where the cluster fails in the middle of each."""


def may_be_made_again(made: Sequence[Revision]) -> bool:
    """Whether the newest revision failed for what passes: the bot died, or the cluster did not answer Helm."""
    words = made[-1].description
    unanswered = isinstance(diagnose("ReleaseError", words), ClusterUnreachable)
    return words == STOPPED or (unanswered and len(made) < TRIES)


class DeployArguments(ReleaseArguments):
    """What was confirmed; chart and values are frozen beside it."""

    image_digest: str = ""


class Undone(BaseModel):
    """Which version came back and how that went; no `back` where there was nothing to go back to."""

    version: str = ""
    back: Changed | None = None
    lasting: tuple[str, ...] = ()


class Deploy(ReleaseOperation, kind="deploy"):
    """Upgrade or install one release and see it through."""

    Arguments = DeployArguments

    async def run(self, do: Steps) -> Outcome:
        """Preflight, rollout, tests, news; on failure the way back that the environment asks for."""
        unwell = await do("preflight", self.preflight)
        changed = await do("rollout", self.rollout, unwell or {})
        if changed.health == "healthy" and self.arguments.policy.tests:
            changed = await do("tests", self.test, changed)
        if changed.health == "healthy":
            if self.arguments.policy.announces:
                await do("announce", self.announce)
            return endings.done(changed)
        if changed.health == "failed" and self.arguments.policy.on_failure == "rollback":
            return await self.undone(do, changed)
        return endings.failed(changed)

    async def cancelled(self, do: Steps) -> Outcome:
        """Undo what was started, or leave it, as the environment says; a half-done revision is never left."""
        history = await self.change.history()
        if not made_by(history, self.arguments.base, self.record.id):
            return Outcome(result="cancelled", words="nothing was changed")
        newest = history[-1]
        if self.record.leaves:
            if newest.busy:
                await do("unlock", self.close, LEFT)
            return Outcome(result="cancelled", words="left as it is", revision=newest.number)
        if self.arguments.policy.on_failure == "leave" and not newest.busy:
            return Outcome(result="cancelled", words="left as it is", revision=newest.number)
        outcome = await self.undone(
            do, Changed(revision=newest.number, health="failed", words="it was cancelled")
        )
        if outcome.result == "restored":
            kept = {"back_to": outcome.back_to, "revision": outcome.revision, "notes": outcome.notes}
            return Outcome(result="cancelled", **kept)
        if outcome.result == "removed":
            return Outcome(result="cancelled", words="the first install was removed, disks kept")
        return outcome

    async def undone(self, do: Steps, changed: Changed) -> Outcome:
        """Go back to the last revision that was healthy; remove a first install."""
        if self.arguments.base == 0:
            try:
                await do("undo", self.remove)
            except StepFailed as failure:
                return endings.broken(
                    f"{self.record.version} failed and could not be removed", failure, changed
                )
            return endings.failed(changed).model_copy(update={"result": "removed"})
        words = f"{self.record.version} failed, {self.arguments.before} did not return"
        try:
            undone = await do("undo", self.undo, changed.words)
        except StepFailed as failure:
            return endings.broken(words, failure, changed)
        if undone.back is None:
            advice = "No earlier revision is known to have been healthy, so it stays"
            return endings.failed(changed).model_copy(update={"advice": advice})
        if undone.back.health != "healthy":
            return endings.failed(undone.back).model_copy(update={"result": "broken", "words": words})
        return endings.restored(changed, undone.back, undone.version, undone.lasting)

    async def undo(self, words: str) -> Undone:
        """Go back to the last revision that was healthy, if there is one."""
        wanted = await self.healthy_before(self.arguments.base + 1)
        if wanted is None:
            await self.close(words)
            return Undone()
        kept = await self.lasting(wanted)
        return Undone(version=wanted.version, back=await self.back_to(wanted, by_itself=True), lasting=kept)

    async def lasting(self, wanted: Judgement) -> tuple[str, ...]:
        """What does not come back with that revision; not being able to tell keeps nobody from going back."""
        site, helm = self.arguments.site, self.tools.helm

        def version(record: ReleaseRecord) -> str:
            is_own = record.revision.number > self.arguments.base  # which is judged at its end alone
            return self.record.version if is_own else past.version(record.revision)

        try:
            past = await self.tools.releases.past(site)
            revision = next(each for each in past.revisions if each.number == wanted.revision)
            way = await read_way(helm, site, past, revision, version)
        except (ClusterError, HelmError, PlanRefused):
            log.exception("what does not come back could not be looked up")
            return ()
        return tuple(lasting(way))

    async def preflight(self) -> dict[str, int] | None:
        """Rights, nothing moved, and a verdict of what runs now, which may be what we go back to.

        Returns what was not healthy then; operations of older versions of the bot kept nothing.
        """
        rights, standing = asyncio.create_task(self.check_rights()), asyncio.create_task(self.standing())
        try:  # all at once; what is said is the first of them that is not as it should be
            await self.check_unmoved()
            await rights
            live, unwell = await standing
        finally:
            await stopped(rights, standing)
        await self.judge(live)
        return unwell

    async def rollout(self, unwell: dict[str, int]) -> Changed:
        """Helm's upgrade-or-install with the rollout's watch beside it."""
        earlier = await self.healthy_before(self.arguments.base + 1)
        changed = await self.change.watch(
            self.arguments.objects,
            base=self.arguments.base,
            since=self.record.created_at,
            act=self.upgrade,
            unwell=unwell,
            back_to=earlier.version if earlier is not None else "",
        )
        await self.judged(changed, version=self.record.version, digest=self._digest)
        try:
            if changed.health != "healthy":
                await self.close(changed.words)
            await prune(self.tools, self.arguments.site, self.arguments.policy.history_max)
            before = await self.healthy_before(changed.revision)
        except (ClusterError, HelmError):  # what was changed is known, and must not be lost over this
            log.exception("the release could not be looked at after its rollout")
            return changed
        return changed.model_copy(update={"back_to": before.version if before is not None else ""})

    async def upgrade(self) -> Revision:
        """Make the revision, unless an earlier run of this operation has made it."""
        cluster = await self.tools.cluster(self.arguments.site)
        async with keeping(cluster, self.arguments.autoscaled):
            return await self._upgraded()

    async def _upgraded(self) -> Revision:
        site, policy = self.arguments.site, self.arguments.policy
        past = await self.tools.releases.past(site)
        newest = past.newest
        if newest is not None and newest.number > self.arguments.base:
            made = [each for each in past.revisions if each.number > self.arguments.base]
            await self.mend(made)
            if newest.status == "failed" and not may_be_made_again(made):
                raise HelmError(newest.description)
            if newest.status != "failed" and not newest.busy:
                return newest
        frozen = self.tools.frozen
        chart, values = await asyncio.gather(frozen(self.record.id, CHART), frozen(self.record.id, VALUES))
        return await self.tools.helm.upgrade(
            site.location,
            ChartArchive.of(chart),
            json.loads(values),
            as_=site.identity,
            install=True,
            timeout=policy.timeout,
            history_max=room(past, policy.history_max),
            labels={OPERATION_LABEL: self.record.id},
            create_namespace=policy.create_namespace,
            force_conflicts=self.arguments.forces,
        )

    async def mend(self, made: Sequence[Revision]) -> None:
        """Free the release from a run of this operation that died in the middle, so that it can be made again.

        Raises: StepFailed when somebody else has `made` one of the newer revisions.
        """
        newest = made[-1]
        # Helm hands labels on: whoever came after us has ours, but over one of ours that had not failed.
        finished = any(each.status != "failed" for each in made[:-1])
        if finished or newest.labels.get(OPERATION_LABEL) != self.record.id:
            raise overtaken(newest.number)
        if newest.busy and self.arguments.base == 0:
            await self.remove()
        elif newest.busy:
            await self.close(STOPPED)

    async def test(self, changed: Changed) -> Changed:
        """The chart's own Helm tests, for an app that asks for them."""
        site, policy = self.arguments.site, self.arguments.policy
        try:
            await self.tools.helm.test(site.location, as_=site.identity, timeout=policy.timeout)
        except HookFailed as error:
            words = self.tools.mask(error.words)
            failed = changed.model_copy(update={"health": "failed", "words": f"A test failed: {words}"})
            await self.judged(failed, version=self.record.version, digest=self._digest)
            return failed
        return changed

    async def announce(self) -> None:
        """News of the version, where the environment announces; that it can't be told fails no deploy."""
        try:
            await self.tools.notices.deployed(
                app=self.record.app,
                environment=self.record.environment,
                version=self.record.version,
                previous=self.arguments.before,
                author=self.record.author.name,
                operation_id=self.record.id,
            )
        except (OperationalError, InterfaceError):
            raise  # the store can't be written now: the operation is run again, and the notice is not lost
        except Exception:
            log.exception("the notice could not be drafted")

    async def remove(self) -> None:
        """Remove a first install that failed, with its disks kept."""
        await remove_keeping_disks(self.tools, self.arguments.site, self.arguments.policy.timeout)

    @property
    def _digest(self) -> str:
        arguments = self.arguments
        return arguments.image_digest if isinstance(arguments, DeployArguments) else ""
