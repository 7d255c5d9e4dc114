"""Flood control: how many sends and edits Telegram takes before it answers 429.

One bucket a chat, one a group and one in all. Whoever comes back too early waits longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.sandbox.telegram.errors import flooded
from bot.sandbox.telegram.limits import Limits


@dataclass(slots=True)
class Bucket:
    """Fills at `rate` a second up to `size`."""

    rate: float
    size: float
    level: float
    filled_at: float

    def fill(self, now: float) -> None:
        """Add what came in since the last time."""
        self.level = min(self.size, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now

    def wait(self) -> float:
        """Seconds until one more can be taken."""
        # The tolerance keeps rounding from turning "exactly now" into another second of waiting.
        return 0.0 if self.level >= 1 - 1e-6 else (1 - self.level) / self.rate


@dataclass(slots=True)
class Floods:
    """Counts what is sent. `spend` is called once everything else about a request is right."""

    limits: Limits
    clock: Clock
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _refused_until: dict[int, float] = field(default_factory=dict)

    def spend(self, chat_id: int, *, group: bool, cost: int = 1) -> None:
        """Take `cost` (messages of an album count each) from the chat's buckets.

        Raises: Refusal 429 with `retry_after` in whole seconds.
        """
        now = self.clock.monotonic()
        self._punish_impatience(chat_id, now)
        buckets = [self._bucket("all", self.limits.total_per_second, self.limits.total_per_second, now)]
        buckets.append(
            self._bucket(f"chat {chat_id}", self.limits.chat_per_second, self.limits.chat_burst, now)
        )
        if group:
            size = self.limits.group_per_minute
            buckets.append(self._bucket(f"group {chat_id}", size / 60, size, now))
        wait = max(bucket.wait() for bucket in buckets)
        if wait > 0:
            self._refuse(chat_id, now + math.ceil(wait), now)
        for bucket in buckets:
            bucket.level -= cost

    def _bucket(self, key: str, rate: float, size: float, now: float) -> Bucket:
        bucket = self._buckets.setdefault(key, Bucket(rate, size, size, now))
        bucket.fill(now)
        return bucket

    def _punish_impatience(self, chat_id: int, now: float) -> None:
        until = self._refused_until.get(chat_id, 0.0)
        # A thousandth of grace: the caller's clock and ours round differently.
        if now < until - 0.001:
            longest = now + self.limits.longest_penalty
            self._refuse(chat_id, max(until, min(until + self.limits.penalty, longest)), now)
        self._refused_until.pop(chat_id, None)

    def _refuse(self, chat_id: int, until: float, now: float) -> None:
        self._refused_until[chat_id] = until
        raise flooded(math.ceil(until - now - 1e-6))
