"""The course of one rollout: from one assessment after another to events, and at last a verdict.

No I/O and no clock: each step is told the time, and `wakes_at` says when the next one is due if nothing
changes. So every rule of when a rollout has failed can be tried without a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.events import (
    Event,
    GoesOn,
    Held,
    HookProgress,
    HookState,
    PodTrouble,
    Trouble,
    TroubleCleared,
    WorkloadProgress,
)
from bot.rollout.assessing import Assessment, Shown, repeats
from bot.rollout.verdicts import ObjectRef, Rules, Verdict
from bot.rollout.workloads import Progress

_CLEARS = 3.0
"""Seconds that a trouble must be away before it is over: a crashing container looks well between crashes."""

_IDLE = 30.0
"""Seconds between steps when nothing is due."""


@dataclass(slots=True)
class _Told:
    """A trouble that was told."""

    shown: Shown
    since: float
    gone_since: float | None = None


@dataclass(slots=True)
class Course:
    """Folds assessments; `verdict` is there when the rollout is over."""

    objects: Sequence[ObjectRef]
    rules: Rules
    not_followed: tuple[ObjectRef, ...] = ()
    held: bool = False
    """Whether the cluster keeps it up and a person was asked; also at the start, where a restart cut a hold."""
    verdict: Verdict | None = None
    wakes_at: float = 0.0
    _progress: dict[ObjectRef, Event] = field(default_factory=dict)
    _best: dict[ObjectRef, int] = field(default_factory=dict)
    _best_at: dict[str, float] = field(default_factory=dict)
    """By workload: when it got further last."""
    _troubles: dict[str, _Told] = field(default_factory=dict)
    """By workload: there is one cause at a time."""
    _moved_at: float | None = None
    _progressed_at: float | None = None
    _asked: int = 0
    _ask_again_at: float = 0.0
    _arrived_at: float | None = None

    def applied(self, now: float) -> None:
        """Helm has returned: the time-out counts from here."""
        self._moved_at = now

    def step(self, assessment: Assessment, now: float, *, applied: bool) -> list[Event]:
        """What to tell at `now` (seconds of any clock that never goes back). `applied`: Helm has returned and
        the objects were read since, so an arrived workload may be believed."""
        self.wakes_at = now + _IDLE
        events = self._progressed(assessment, now)
        events += self._troubled(assessment, now)
        events += self._hold(now)
        self._judge(assessment, now, applied)
        if self.verdict is not None and self.verdict.health == "healthy":
            events += self._all_clear()
        return events

    def blind(self, now: float, since: float) -> list[Event]:
        """The cluster has not answered `since` then: the time-out stands still, but not for ever."""
        self._arrived_at = None
        if self._moved_at is None:
            self.wakes_at = now + _IDLE  # Helm is still at it, and has time-outs of its own
            return []
        self._moved_at = now
        self.wakes_at = since + self.rules.timeout
        if now >= self.wakes_at:
            self._end("unknown", f"The cluster has not answered for {now - since:.0f} s", [])
        return []

    @property
    def troubles(self) -> list[Shown]:
        """The troubles that are told and not over."""
        return [told.shown for told in self._troubles.values()]

    def _progressed(self, assessment: Assessment, now: float) -> list[Event]:
        events: list[Event] = []
        for ref, progress in assessment.progress.items():
            attempts = assessment.attempts.get(ref, 0)
            event = _told(ref, progress, attempts)
            if self._progress.get(ref) != event:
                self._progress[ref] = event
                events.append(event)
            if progress.reached + attempts > self._best.get(ref, -1):
                self._best[ref] = progress.reached + attempts
                self._progressed_at = self._best_at[ref.where] = now
                if self._moved_at is not None:
                    self._moved_at = now
        return events

    def _troubled(self, assessment: Assessment, now: float) -> list[Event]:
        events: list[Event] = []
        current = {shown.trouble.workload: shown for shown in assessment.troubles}
        for workload, shown in current.items():
            told = self._troubles.get(workload)
            if told is not None and told.shown.trouble.cause != shown.trouble.cause:
                events.append(_cleared(told.shown))
                told = None
            if told is None or told.shown != shown:
                events.append(PodTrouble(shown.pod, workload, shown.trouble))
            self._troubles[workload] = _Told(shown, told.since if told else now)
        for workload in self._troubles.keys() - current.keys():
            told = self._troubles[workload]
            told.gone_since = now if told.gone_since is None else told.gone_since
            if now - told.gone_since >= _CLEARS:
                del self._troubles[workload]
                events.append(_cleared(told.shown))
            else:
                self._wake(told.gone_since + _CLEARS)
        return events

    def _hold(self, now: float) -> list[Event]:
        """Ask a person once nothing but the cluster's trouble lasts; go on by itself when it heals."""
        culprits = [told for told in self._troubles.values() if not told.shown.trouble.before]
        lasting = [told for told in culprits if told.shown.trouble.fault == "cluster"]
        if not self.rules.holds or not lasting or len(lasting) < len(culprits):
            if not self.held:
                return []
            self.held, self._asked = False, 0
            self._moved_at = None if self._moved_at is None else now
            return [GoesOn()]
        begins = max(min(told.since for told in lasting), self._progressed_at or 0.0) + self._patience
        if not self.held and now < begins:
            self._wake(begins)
            return []
        if self._moved_at is not None:
            self._moved_at = now  # it is nobody's lack of progress
        self.held = True
        if self._asked and now < self._ask_again_at:
            self._wake(self._ask_again_at)
            return []
        # Asked about more and more seldom: first after one time-out, then after two, four, ...
        self._ask_again_at = now + self.rules.timeout * 2**self._asked
        self._asked += 1
        self._wake(self._ask_again_at)
        return [Held(lasting[0].shown.trouble.sentence(), self._asked)]

    @property
    def _patience(self) -> float:
        """Seconds that the cluster's trouble is given to heal before anybody is asked."""
        return min(self.rules.image_grace, self.rules.timeout)

    def _judge(self, assessment: Assessment, now: float, applied: bool) -> None:
        failing = [told.shown.trouble for told in self._troubles.values() if self._fails(told, now)]
        if failing:
            # The sentence of what failed first; the others stand beside it.
            self._end("failed", failing[0].sentence(), failing)
            return
        if not applied:
            return
        if not assessment.arrived:
            self._arrived_at = None
            if not self.held:
                self._time_out(assessment, now)
            return
        self._arrived_at = now if self._arrived_at is None else self._arrived_at
        settles = assessment.unprobed or assessment.untold
        settled = self._arrived_at + (self.rules.settle if settles else 0.0)
        if now >= settled:
            self.not_followed = (*self.not_followed, *assessment.untold)
            self._end("healthy", "", _excused(assessment, self.troubles))
        else:
            self._wake(settled)

    def _fails(self, told: _Told, now: float) -> bool:
        trouble = told.shown.trouble
        if trouble.fault == "cluster" or trouble.before:
            return False
        if trouble.fatal_early:
            return True
        if trouble.grace is not None:
            # While it gets on, it heals: a tight quota lets new pods in one by one, each later than the last.
            ends = max(told.since, self._best_at.get(trouble.workload, 0.0)) + trouble.grace
            self._wake(ends)
            return now >= ends
        # A hook's Job counts its own attempts, and may recover.
        return repeats(trouble) and not told.shown.hook and trouble.restarts >= self.rules.crash_restarts

    def _time_out(self, assessment: Assessment, now: float) -> None:
        if self._moved_at is None:
            self._moved_at = now
        ends = self._moved_at + self.rules.timeout
        if now < ends:
            self._wake(ends)
            return
        troubles = [shown.trouble for shown in self.troubles if not shown.trouble.before]
        waited = f"no progress for {self.rules.timeout:.0f} s"
        if troubles and all(trouble.fault == "cluster" for trouble in troubles):
            words = f"{troubles[0].sentence()}; {waited}, but not by this version's doing"
            self._end("unknown", words, [])
            return
        own = [trouble for trouble in troubles if trouble.fault == "version"] or assessment.waiting
        self._end("failed", f"{own[0].sentence()}; {waited}" if own else waited.capitalize(), own)

    def _end(self, health: Literal["healthy", "failed", "unknown"], words: str, first: list[Trouble]) -> None:
        others = [shown.trouble for shown in self.troubles if shown.trouble not in first]
        troubles = tuple(first) if health == "healthy" else (*first, *others)
        self.verdict = Verdict(health, troubles, not_followed=self.not_followed, words=words)

    def _all_clear(self) -> list[Event]:
        cleared: list[Event] = [_cleared(told.shown) for told in self._troubles.values()]
        self._troubles.clear()
        return [*cleared, GoesOn()] if self.held else cleared

    def _wake(self, at: float) -> None:
        self.wakes_at = min(self.wakes_at, at)


def _excused(assessment: Assessment, shown: Sequence[Shown]) -> list[Trouble]:
    """What was unwell before and still is, as warnings beside a healthy version."""
    said = {it.trouble.workload: it.trouble for it in shown if it.trouble.before}
    return [
        said.get(ref.where)
        or Trouble("unwell-before", "It is not healthy", ref.where, ref.where, before=True, sure=False)
        for ref in sorted(assessment.excused, key=lambda it: it.where)
    ]


def _told(ref: ObjectRef, progress: Progress, attempts: int) -> Event:
    if not ref.hook:
        done = progress.done and not progress.failed
        return WorkloadProgress(ref.kind, ref.name, progress.ready, progress.updated, progress.desired, done)
    state: HookState = "running" if progress.updated or attempts else "waiting"
    if progress.failed:
        state = "failed"
    elif progress.done:
        state = "succeeded"
    return HookProgress(ref.kind, ref.name, state, attempts)


def _cleared(shown: Shown) -> TroubleCleared:
    return TroubleCleared(shown.pod, shown.trouble.cause, shown.trouble.workload)
