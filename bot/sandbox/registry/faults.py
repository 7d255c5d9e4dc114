"""Trouble on demand: for a while the registry is away, or refuses with a status."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.clock import Clock


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status that every request gets instead of an answer, and after how many seconds to ask again."""

    status: int
    retry_after: int | None


class Faults:
    """Which trouble is on now, by the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._down_until = 0.0
        self._refused_until = 0.0
        self._refusal: Refusal | None = None

    def down(self, seconds: float) -> None:
        self._down_until = self._clock.monotonic() + seconds

    def refuse(self, refusal: Refusal, seconds: float) -> None:
        self._refusal = refusal
        self._refused_until = self._clock.monotonic() + seconds

    def break_off(self, request: web.Request) -> None:
        """Break the connection of a request, where the registry is away."""
        if self._clock.monotonic() < self._down_until:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError

    @property
    def refusal(self) -> Refusal | None:
        return self._refusal if self._clock.monotonic() < self._refused_until else None
