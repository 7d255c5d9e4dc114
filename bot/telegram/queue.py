"""What waits to be sent to one chat, and which of it goes next."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.telegram.messages import ChatTarget, Sent, Urgency
from bot.telegram.pacing import Limits, Pace
from bot.telegram.sending import Call


@dataclass(eq=False)
class Job:
    """One request of a sender: the calls that are left to make, and who waits for its end."""

    to: ChatTarget
    calls: deque[Call]
    urgency: Urgency
    since: float
    done: asyncio.Future[Sent | None]
    edits: int | None = None
    rows: list[int] = field(default_factory=list)
    """The stored rows that this job settles: its own, and those of older edits that it replaced."""
    attempts: int = 0
    sent: Sent | None = None
    error: str | None = None

    @property
    def durable(self) -> bool:
        """Whether it is tried for as long as it takes."""
        return bool(self.rows)

    def finish(self, sent: Sent | None) -> None:
        """Tell who waits."""
        if not self.done.done():
            self.done.set_result(sent)


class ChatQueue:
    """One chat: its jobs, of which one is in the making at most, and its pace."""

    def __init__(self, limits: Limits, *, is_private: bool) -> None:
        self.pace = Pace(limits, is_private)
        self.busy: Job | None = None
        self._limits = limits
        self._jobs: list[Job] = []

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs))

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is in the making."""
        return not self._jobs and self.busy is None

    def put(self, job: Job, *, first: bool = False) -> None:
        """Let a job wait; `first` for one that has been begun."""
        self._jobs.insert(0 if first else len(self._jobs), job)

    def remove(self, job: Job) -> None:
        """It waits no more."""
        self._jobs.remove(job)

    def edit_of(self, message_id: int) -> Job | None:
        """The edit of that message that waits, tried before or not, and of which nothing is shown yet."""
        return next((job for job in self._jobs if job.edits == message_id and job.sent is None), None)

    def next(self, now: float) -> tuple[float, float, Job] | None:
        """The next job as (seconds until it may go, rank, job); lower ranks go first. None when there is none."""
        if self.busy is not None or not self._jobs:
            return None
        ranked = [(self.pace.wait(now, job.urgency), self._rank(job, now), job) for job in self._jobs]
        return min(ranked, key=lambda each: (each[0] > 0, each[1] if each[0] <= 0 else each[0]))

    def _rank(self, job: Job, now: float) -> float:
        if job.sent is not None:  # the rest of a message follows its beginning
            return -1.0
        return job.urgency - (now - job.since) // self._limits.ageing
