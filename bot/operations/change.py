"""One change of one release, watched: what deploy, rollback and uninstall have in common.

Helm blocks in its hooks, so the rollout's watch starts before it and runs beside it. What a change did is looked
up in the release's history before it is done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.events import Event, Held, Trouble, WorkloadProgress
from bot.helm.errors import HelmError, ReleaseBusy
from bot.helm.releases import Revision
from bot.operations.errors import StepFailed
from bot.operations.policy import Policy
from bot.operations.tools import Tools
from bot.operations.transience import is_transient
from bot.planning.plan import ObjectRef as PlannedObject
from bot.planning.site import Site
from bot.rollout.causes_helm import from_helm_error
from bot.rollout.following import Follower
from bot.rollout.verdicts import ObjectRef, Rules, Verdict
from bot.store.verdicts import Health

LAST_LOOK = 3.0
"""Seconds that the rollout's watch is given to name the cause after Helm has failed."""


NOT_ITS_FAULT = "Not this version's doing: nothing was rolled back"


def overtaken(number: int) -> StepFailed:
    """Somebody else, such as the Helm command line, made a revision over ours."""
    return StepFailed(
        f"Revision {number} was made by someone else meanwhile", advice="Look at /history, then ask again"
    )


class Changed(BaseModel):
    """What a change of a release led to; masked, so that it can be stored and told."""

    model_config = ConfigDict(frozen=True)

    revision: int
    health: Health
    words: str = ""
    advice: str = ""
    quote: str = ""
    last_words: str = ""
    not_followed: tuple[str, ...] = ()
    ready: str = ""
    notes: tuple[str, ...] = ()
    """Warnings beside a healthy version, and why a failed one was not rolled back."""
    back_to: str = ""
    """The version before it that was healthy, and that a rollback would return to."""

    @property
    def succeeded(self) -> bool:
        """Whether the step that made this change is shown as done."""
        return self.health != "failed"


class Change:
    """A change of one release on behalf of one operation."""

    def __init__(
        self,
        tools: Tools,
        site: Site,
        policy: Policy,
        tell: Callable[[Event], None],
        *,
        held: bool = False,
        holds: bool = True,
    ) -> None:
        """`held`: a restart cut a hold. `holds`: what the cluster keeps up waits for a person."""
        self._tools = tools
        self._site = site
        self._policy = policy
        self._tell = tell
        self._held = held
        self._holds = holds

    async def history(self) -> list[Revision]:
        """The release's revisions now, newest last."""
        return list((await self._tools.releases.past(self._site)).revisions)

    async def watch(
        self,
        objects: Sequence[PlannedObject],
        *,
        base: int,
        since: datetime,
        act: Callable[[], Awaitable[Revision]],
        unwell: Mapping[str, int] | None = None,
        back_to: str = "",
    ) -> Changed:
        """Run `act` (a Helm action) with the rollout's watch beside it, until the verdict is there.

        `base` is the newest revision before the action: when Helm fails, a newer one tells that something changed.
        `unwell` is what was not healthy before; unless it is changed, it decides nothing.
        `back_to` is the version that a held change may be rolled back to.
        Raises: StepFailed when nothing changed, or when somebody else changed the release as well; ClusterUnreachable
        and OutcomeUnknown, after which the history tells what happened.
        """
        ready: dict[str, tuple[int, int]] = {}
        async with await self._follower(objects, since, unwell or {}) as follower:
            watching = asyncio.create_task(self._tell_all(follower, ready, back_to))
            acting = asyncio.ensure_future(act())
            try:
                await asyncio.wait({watching, acting}, return_when=asyncio.FIRST_COMPLETED)
                if not acting.done():  # a hook that can't succeed: Helm would wait for its time-out
                    return await self._cut_short(base, follower, ready)
                number = acting.result().number
                follower.applied()
                await watching
            except HelmError as error:
                return await self._helm_failed(error, base, follower, watching)
            finally:
                await stopped(watching, acting)
        await self._check_newest(number)
        assert follower.verdict is not None
        return self._changed(number, follower.verdict, ready)

    async def _check_newest(self, number: int) -> None:
        """Nobody else may have changed the release meanwhile: what was watched then is theirs, and so is the way on.

        Raises: StepFailed.
        """
        history = await self.history()
        if history and history[-1].number > number:
            raise overtaken(history[-1].number)

    async def _follower(
        self, objects: Sequence[PlannedObject], since: datetime, unwell: Mapping[str, int]
    ) -> Follower:
        rules = Rules(
            crash_restarts=self._policy.crash_restarts,
            image_grace=self._policy.image_grace,
            settle=self._policy.settle,
            timeout=self._policy.timeout,
            holds=self._holds,
        )
        followed = [
            ObjectRef(each.api_version, each.kind, each.name, each.hook)
            for each in objects
            if each.namespace == self._site.namespace
        ]
        cluster = await self._tools.cluster(self._site)
        clock = self._tools.clock
        return Follower(
            cluster,
            self._site.namespace,
            followed,
            rules=rules,
            since=since,
            clock=clock,
            unwell=unwell,
            held=self._held,
        )

    async def _tell_all(self, follower: Follower, ready: dict[str, tuple[int, int]], back_to: str) -> None:
        async for event in follower:
            if isinstance(event, WorkloadProgress):
                ready[f"{event.kind}/{event.name}"] = (event.ready, event.desired)
            self._tell(replace(event, back_to=back_to) if isinstance(event, Held) else event)

    async def _cut_short(self, base: int, follower: Follower, ready: dict[str, tuple[int, int]]) -> Changed:
        """The verdict came before Helm returned; its worker is killed, which leaves the revision pending."""
        history = await self.history()
        assert follower.verdict is not None
        number = history[-1].number if history else base
        return self._changed(number, follower.verdict, ready)

    async def _helm_failed(
        self, error: HelmError, base: int, follower: Follower, watching: asyncio.Task[None]
    ) -> Changed:
        """What a failure of Helm means: nothing changed, or a revision was made that failed."""
        if is_transient(error):
            raise error
        if isinstance(error, ReleaseBusy):  # somebody else's run: what it makes is not ours to judge
            raise StepFailed(
                self._tools.mask(error.words), advice="Look at /history, then ask again"
            ) from error
        await asyncio.wait({watching}, timeout=LAST_LOOK)  # what the hook's pods said may be on its way
        mask = self._tools.mask
        seen = follower.verdict.troubles if follower.verdict else follower.troubles
        trouble = (seen[0] if seen else None) or from_helm_error(error.words)
        words = mask(trouble.sentence() if trouble else error.words)
        advice = trouble.advice if trouble else ""
        quote = mask(trouble.quote if trouble else "")
        history = await self.history()
        if not history or history[-1].number <= base:
            raise StepFailed(words, advice=advice, quote=quote) from error
        last_words = mask(follower.verdict.last_words) if follower.verdict else ""
        is_clusters = trouble is not None and trouble.fault == "cluster" and trouble.cause != "stuck-release"
        return Changed(
            revision=history[-1].number,
            health="unknown" if is_clusters else "failed",
            notes=(NOT_ITS_FAULT,) if is_clusters else (),
            words=words,
            advice=advice,
            quote=quote,
            last_words=last_words,
        )

    def _changed(self, revision: int, verdict: Verdict, ready: dict[str, tuple[int, int]]) -> Changed:
        mask = self._tools.mask
        worst = verdict.troubles[0] if verdict.troubles else None
        beside = verdict.troubles if verdict.health == "healthy" else ()
        now, desired = (sum(numbers) for numbers in zip(*ready.values(), strict=True)) if ready else (0, 0)
        return Changed(
            revision=revision,
            health=verdict.health,
            words=mask(worst.sentence() if worst else verdict.words),
            advice=worst.advice if worst else "",
            quote=mask(worst.quote) if worst else "",
            last_words=mask(verdict.last_words),
            not_followed=tuple(f"{ref.kind} {ref.name}" for ref in verdict.not_followed),
            ready=f"{now} of {desired}" if desired else "",
            notes=tuple(mask(_beside(each)) for each in beside),
        )


def _beside(trouble: Trouble) -> str:
    """A warning beside a healthy version; where it was so before, whose it is, since the version did not touch it."""
    name = trouble.workload.rpartition("/")[2]
    return f"{name}: {trouble.sentence()}" if trouble.before and name else trouble.sentence()


async def stopped(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, and wait until they have ended; one that has ended already is left as it is."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
