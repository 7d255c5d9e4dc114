"""What a measurement is, and how a call is timed: the middle and the slow end, since people remember the slow end."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Self


@dataclass(frozen=True)
class Goal:
    """What a figure is to be: at most or at least so much in its unit, or so many times what stands beside it."""

    most: float | None = None
    least: float | None = None
    times: float | None = None
    """At most."""
    least_times: float | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether it hangs on what stands beside the figure."""
        return self.times is not None or self.least_times is not None

    def shown(self, unit: str) -> str:
        """The goal as people read it."""
        if self.most is not None:
            return f"≤ {_shown(self.most, unit)}"
        if self.least is not None:
            return f"≥ {_shown(self.least, unit)}"
        return f"≤ {self.times:g}x" if self.times is not None else f"≥ {self.least_times:g}x"

    def met(self, value: float, ratio: float | None) -> bool:
        """Whether a figure is that, `ratio` times what stands beside it."""
        return (
            (self.most is None or value <= self.most)
            and (self.least is None or value >= self.least)
            and (self.times is None or (ratio is not None and ratio <= self.times))
            and (self.least_times is None or (ratio is not None and ratio >= self.least_times))
        )


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
        """What stands beside it, as people read it."""
        if self.beside is None:
            return ""
        ratio = f" ({self.ratio:.3g}x)" if self.ratio is not None else ""
        return f"{self.beside[0]}: {_shown(self.beside[1], self.unit)}{ratio}"

    @property
    def aimed(self) -> str:
        """The goal, as people read it."""
        return self.goal.shown(self.unit) if self.goal else ""

    @property
    def ratio(self) -> float | None:
        """How many times what stands beside it."""
        return self.value / self.beside[1] if self.beside and self.beside[1] else None

    @property
    def met(self) -> bool | None:
        """Whether it is what it is to be; None without a goal."""
        return self.goal.met(self.value, self.ratio) if self.goal else None

    def as_json(self) -> dict[str, Any]:
        """To be kept, for the table and for programs that follow figures over time."""
        return asdict(self) | {"ratio": self.ratio, "met": self.met}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        own = {name: kept[name] for name in cls.__dataclass_fields__}
        beside, goal = own.pop("beside"), own.pop("goal")
        return cls(**own, beside=tuple(beside) if beside else None, goal=Goal(**goal) if goal else None)


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
        return share(self.seconds, 0.9)

    def figure(self, what: str, note: str = "") -> Figure:
        """The row that these times make."""
        return Figure(what, self.middle, "s", note, slow=self.slow)


def share(values: Sequence[float], part: float) -> float:
    """The value below which this part of them lies: 0.99 for the p99."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


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
    if unit == "s":
        return _seconds(value)
    return f"{value:.0f}{unit}" if unit.startswith("/") else f"{value:.0f} {unit}"


def _seconds(seconds: float) -> str:
    """As `1.2 s`, `34 ms` or `560 µs`."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    if seconds >= 0.01:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} µs"
