"""What a measurement is, and how a call is timed: the middle and the slow end, since people remember the slow end."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Goal:
    """What a figure is to be: no more than `most` in its unit, or so many times what stands beside it."""

    most: float | None = None
    times: float | None = None

    def __str__(self) -> str:
        return f"≤ {self.most:g}" if self.most is not None else f"≤ {self.times:g}x"


@dataclass(frozen=True)
class Figure:
    """One row of the table: what was done, its number in `unit` ("s", "/s", "MB", ...), and what it hangs on.

    `slow` is the p90 of calls that were timed; `beside` is what did the same in the same run, and its number.
    """

    what: str
    value: float
    unit: str
    note: str = ""
    slow: float | None = None
    beside: tuple[str, float] | None = None
    goal: Goal | None = None

    @property
    def shown(self) -> str:
        """The number as people read it."""
        return _shown(self.value, self.unit) + (f" (p90 {_shown(self.slow, self.unit)})" if self.slow else "")

    @property
    def compared(self) -> str:
        """What stands beside it and the goal, as people read them."""
        beside = f"{self.beside[0]}: {_shown(self.beside[1], self.unit)}" if self.beside else ""
        goal = f"{self.goal} {'✓' if self.met else '✗'}" if self.goal else ""
        return ", ".join(filter(None, (beside, goal)))

    @property
    def ratio(self) -> float | None:
        """How many times what stands beside it."""
        return self.value / self.beside[1] if self.beside and self.beside[1] else None

    @property
    def met(self) -> bool | None:
        """Whether it is what it is to be; None without a goal."""
        if self.goal is None:
            return None
        if self.goal.most is not None:
            return self.value <= self.goal.most
        return self.ratio is not None and self.goal.times is not None and self.ratio <= self.goal.times

    def as_json(self) -> dict[str, object]:
        """For programs that follow figures over time."""
        return {
            "name": self.what,
            "value": self.value,
            "unit": self.unit,
            "beside": self.beside[0] if self.beside else None,
            "beside_value": self.beside[1] if self.beside else None,
            "ratio": self.ratio,
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
        }


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

    def figure(self, what: str, note: str = "") -> Figure:
        """The row that these times make."""
        return Figure(what, self.middle, "s", note, slow=self.slow)


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


def _shown(value: float, unit: str) -> str:
    return _seconds(value) if unit == "s" else f"{value:.0f}{unit}" if unit == "/s" else f"{value:.0f} {unit}"


def _seconds(seconds: float) -> str:
    """As `1.2 s`, `34 ms` or `560 µs`."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    if seconds >= 0.01:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} µs"
