"""A clock that a test moves, and that moves itself when somebody sleeps."""

from datetime import UTC, datetime, timedelta


class MovingClock:
    """Sleeping takes no time here; it is written down in `slept`, in seconds."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
