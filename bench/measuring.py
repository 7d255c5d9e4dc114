"""What a measurement is, and how a call is timed: the middle and the slow end, since people remember the slow end."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One row of the table: what was done, the number as people read it, and what it hangs on."""

    what: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Times:
    """Seconds that calls took, in order."""

    seconds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """Half of them took less."""
        return median(self.seconds)

    @property
    def slow(self) -> float:
        """Nine in ten took less."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, len(self.seconds) * 9 // 10)]

    def __str__(self) -> str:
        return f"{shown(self.middle)} (p90 {shown(self.slow)})"


def timed(act: Callable[[], object], times: int) -> Times:
    """Call `act` so many times, after one call that does not count."""
    act()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return Times(tuple(found))


async def timed_async(act: Callable[[], Awaitable[object]], times: int) -> Times:
    """As `timed`, for what is awaited."""
    await act()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        await act()
        found.append(time.perf_counter() - start)
    return Times(tuple(found))


def shown(seconds: float) -> str:
    """As `1.2 s`, `34 ms` or `560 µs`."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    if seconds >= 0.01:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} µs"
