"""The one budget for sending: when may which chat be written to again. Pure arithmetic on times handed in.

Telegram publishes no exact limits: about 30 messages a second in all, one a second to a chat, twenty a minute
to a group, edits counted and a forum being one peer whatever the topic. Who is refused slows down.
"""

from collections import deque
from dataclasses import dataclass, field

from bot.telegram.messages import Urgency

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The pace that Telegram bears; seconds where not said otherwise."""

    overall: float = 30.0
    """Calls a second to all chats."""
    chat: float = 1.0
    """Between calls to one chat, over time."""
    burst: int = 3
    """Calls to one chat that may follow each other at once."""
    group_minute: int = 20
    """Calls a minute to one group."""
    group_reserve: int = 5
    """Of these, kept for what is more urgent than progress."""
    group_edit: float = 3.0
    """Between progress edits in a group."""
    private_edit: float = 1.5
    """Between progress edits in a private chat."""
    slowest: float = 16.0
    """How many times slower refusals can make a chat."""
    retries: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
    """Between attempts while Telegram does not answer; the last one again and again."""
    patience: float = 600.0
    """How long a message that is not durable is tried."""
    ageing: float = 15.0
    """Waiting this long counts as one step of urgency, so that progress is never starved."""
    waiting: int = 200
    """Messages that may wait for one chat; past it, those not durable are turned away."""


class Bucket:
    """Tokens that refill at `rate` a second up to `size`."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate, self._size = rate, size
        self._tokens = size
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until one can be taken."""
        self._refill(now)
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def take(self, now: float) -> None:
        """Take one."""
        self._refill(now)
        self._tokens -= 1

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now


@dataclass
class Pace:
    """One chat's pace."""

    limits: Limits
    is_private: bool
    blocked_until: float = 0.0
    slower: float = 1.0
    _bucket: Bucket = field(init=False)
    _last: float | None = None
    _minute: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._bucket = Bucket(1 / self.limits.chat, self.limits.burst)

    def wait(self, now: float, urgency: Urgency) -> float:
        """Seconds until a call of this urgency may be made."""
        waits = [self.blocked_until - now, self._bucket.wait(now), self._in_minute(now, urgency)]
        if urgency >= Urgency.PROGRESS and self._last is not None:
            waits.append(self._last + self._interval() - now)
        return max(0.0, *waits)

    def took(self, now: float) -> None:
        """A call is made."""
        self._bucket.take(now)
        self._last = now
        self._minute.append(now)

    def refused(self, now: float, retry_after: float) -> None:
        """Telegram refused a call: nothing more for as long as it says, and half the pace afterwards."""
        self.blocked_until = max(self.blocked_until, now + retry_after)
        self.slower = min(self.limits.slowest, self.slower * 2)

    def accepted(self, now: float) -> None:
        """Telegram accepted the call that was made last: slowly back to the usual pace.

        Telegram counts from when a call reaches it. That is not before it was made and not after it was answered, so
        its minute begins now: else a call that was slow on its way would meet a quick one in the same minute.
        """
        self._last = now
        if self._minute:
            self._minute[-1] = now
        self.slower = max(1.0, self.slower * 0.95)

    def _interval(self) -> float:
        base = self.limits.private_edit if self.is_private else self.limits.group_edit
        if not self.is_private and len(self._minute) * 2 > self.limits.group_minute:
            # Half the minute's calls are used up: go on evenly rather than stop dead at its end.
            base = max(base, MINUTE / (self.limits.group_minute - 2 * self.limits.group_reserve))
        return base * self.slower

    def _in_minute(self, now: float, urgency: Urgency) -> float:
        while self._minute and self._minute[0] <= now - MINUTE:
            self._minute.popleft()
        if self.is_private:
            return 0.0
        allowed = self.limits.group_minute
        if urgency >= Urgency.PROGRESS:
            allowed -= self.limits.group_reserve
        over = len(self._minute) - allowed
        return self._minute[over] + MINUTE - now if over >= 0 else 0.0
