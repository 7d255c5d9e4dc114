"""The one long poll that may wait at a time, and how the server slows down those who ask too often."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.sandbox.telegram.errors import conflict
from bot.sandbox.telegram.updates import Updates

_OTHER = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(slots=True)
class Polls:
    """Who waits for updates now."""

    clock: Clock
    webhook_changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever the webhook was set or deleted."""
    webhook_set_at: float = float("-inf")
    _waiting: asyncio.Future[str] | None = None
    _last_offset: int | None = None
    asked_at: float = 0.0
    """When the bot last asked for updates, on the monotonic clock; 0 before it ever did."""

    def slowed(self, offset: int, limit: int, timeout: int) -> tuple[int, int]:
        """The limit and time-out that a request really gets.

        Asking with the same offset within 3 s waits at least 3 s, within 0.5 s gets one update
        (telegram-bot-api Client::do_get_updates).
        """
        now = self.clock.monotonic()
        since = now - self.asked_at
        if offset == self._last_offset:
            timeout = 3 if timeout < 3 and since < 3 else timeout
            limit = 1 if since < 0.5 else limit
        self._last_offset, self.asked_at = offset, now
        return limit, timeout

    async def wait(self, updates: Updates, timeout: int) -> None:
        """Return when there are updates or after `timeout` seconds. Raises: Refusal 409 when terminated."""
        self._waiting = told = asyncio.get_running_loop().create_future()
        arrived = asyncio.ensure_future(updates.arrived.wait())
        over = asyncio.ensure_future(self.clock.sleep(timeout))
        try:
            await asyncio.wait((told, arrived, over), return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                raise conflict(told.result())
        finally:
            arrived.cancel()
            over.cancel()
            if self._waiting is told:
                self._waiting = None

    def stop_waiting(self, why: str = _OTHER) -> None:
        """End the poll that waits, if any, with a 409 that says why."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(why)
        self._waiting = None
