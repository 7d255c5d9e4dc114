"""Trouble on demand: refusals and outages that the real service has and a script can order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.sandbox.telegram.errors import Refusal

_TEXTS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal that was ordered."""

    until: float
    code: int
    retry_after: int | None
    methods: frozenset[str] | None


@dataclass(slots=True)
class Faults:
    """What goes wrong now."""

    clock: Clock
    on_down: list[Callable[[], None]] = field(default_factory=list)
    """Called when an outage begins, to drop open connections."""
    _down_until: float = 0.0
    _faults: list[Fault] = field(default_factory=list)

    @property
    def down(self) -> bool:
        return self.clock.monotonic() < self._down_until

    def go_down(self, seconds: float) -> None:
        """Drop every connection for that long."""
        self._down_until = self.clock.monotonic() + seconds
        for drop in self.on_down:
            drop()

    def refuse(
        self, code: int, *, retry_after: int | None, seconds: float | None, methods: Iterable[str] | None
    ) -> Fault:
        """Answer these methods (all where None) with an error for that long, or until it is lifted where None."""
        named = None if methods is None else frozenset(each.lower() for each in methods)
        until = math.inf if seconds is None else self.clock.monotonic() + seconds
        fault = Fault(until, code, retry_after, named)
        self._faults.append(fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """Refuse no longer; also when its time is over already."""
        self._faults = [each for each in self._faults if each is not fault]

    def check(self, method: str) -> None:
        """Raises: Refusal where a fault for this method is on."""
        now = self.clock.monotonic()
        self._faults = [fault for fault in self._faults if fault.until > now]
        for fault in self._faults:
            if fault.methods is None or method.lower() in fault.methods:
                raise Refusal(fault.code, _text(fault), retry_after=fault.retry_after)


def _text(fault: Fault) -> str:
    text = _TEXTS.get(fault.code, "Internal Server Error")
    if fault.code == 429 and fault.retry_after is not None:
        return f"{text}: retry after {fault.retry_after}"
    return text
