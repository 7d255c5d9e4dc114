"""Time as a part that is handed in, so that a test can move it.

Everything that expires, waits or measures takes a `Clock`; nothing else in the project asks the machine
what time it is.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the bot needs to know of time."""

    def now(self) -> datetime:
        """The wall clock's time, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never jump back: for durations."""

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock (at once when not positive)."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
