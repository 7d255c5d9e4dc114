"""What containers have written, kept in memory by the controllers and read by the API's `log`.

A container that restarts begins a new log; the one before stays readable as "previous", as the kubelet
keeps it. Logs of a deleted pod are dropped with `forget`.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

MAX_LINES = 5_000
"""Lines kept a container run; the kubelet rotates at 10 MiB, which here would be memory."""


@dataclass(frozen=True)
class LogLine:
    """One line, without its line end, and when it was written."""

    at: datetime
    text: str


@dataclass
class _Run:
    """The log of one container between two restarts."""

    lines: list[LogLine] = field(default_factory=list)
    dropped: int = 0
    ended: bool = False
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Tell those who follow that something changed."""
        self.grown.set()
        self.grown = asyncio.Event()


_Place = tuple[str, str, str]


class PodLogs:
    """The logs of all containers of a cluster, by namespace, pod uid and container name."""

    def __init__(self) -> None:
        self._runs: dict[_Place, dict[int, _Run]] = {}

    def append(
        self, namespace: str, pod_uid: str, container: str, restart: int, line: str, at: datetime
    ) -> None:
        """Add what the container wrote in its run number `restart` (0 is the first); may hold line ends."""
        run = self._run((namespace, pod_uid, container), restart)
        run.lines.extend(LogLine(at, text) for text in line.removesuffix("\n").split("\n"))
        excess = len(run.lines) - MAX_LINES
        if excess > 0:
            del run.lines[:excess]
            run.dropped += excess
        run.wake()

    def end(self, namespace: str, pod_uid: str, container: str, restart: int) -> None:
        """That run of the container is over: whoever follows it has seen all."""
        run = self._run((namespace, pod_uid, container), restart)
        run.ended = True
        run.wake()

    def forget(self, namespace: str, pod_uid: str) -> None:
        """The pod is gone, and its logs with it."""
        for place in [place for place in self._runs if place[:2] == (namespace, pod_uid)]:
            for run in self._runs.pop(place).values():
                run.ended = True
                run.wake()

    def has(self, namespace: str, pod_uid: str, container: str, *, previous: bool = False) -> bool:
        """Whether the container has run (with `previous`: has run before its present run)."""
        return self._pick((namespace, pod_uid, container), previous=previous) is not None

    def read(
        self,
        namespace: str,
        pod_uid: str,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since: datetime | None = None,
    ) -> list[LogLine]:
        """The newest run's lines (or the previous run's), at most the last `tail`, none before `since`."""
        run = self._pick((namespace, pod_uid, container), previous=previous)
        return _cut(run.lines, tail, since) if run is not None else []

    async def follow(
        self,
        namespace: str,
        pod_uid: str,
        container: str,
        *,
        tail: int | None = None,
        since: datetime | None = None,
    ) -> AsyncIterator[LogLine]:
        """The newest run's lines as `read` gives them, then each new one until that run ends."""
        run = self._run((namespace, pod_uid, container), None)
        fresh, seen = _cut(run.lines, tail, since), run.dropped + len(run.lines)
        while True:
            grown = run.grown
            for line in fresh:
                yield line
            if grown is run.grown:
                if run.ended:
                    return
                await grown.wait()
            fresh, seen = run.lines[max(0, seen - run.dropped) :], run.dropped + len(run.lines)

    def _run(self, place: _Place, restart: int | None) -> _Run:
        """The run with that number (None: the newest), begun when it is not there."""
        runs = self._runs.setdefault(place, {})
        number = restart if restart is not None else max(runs, default=0)
        found = runs.get(number)
        if found is None:
            for earlier in runs.values():
                earlier.ended = True
                earlier.wake()
            found = runs[number] = _Run()
            for old in sorted(runs)[:-2]:  # the kubelet keeps the present run and the one before
                del runs[old]
        return found

    def _pick(self, place: _Place, *, previous: bool) -> _Run | None:
        runs = self._runs.get(place, {})
        numbers = sorted(runs, reverse=True)[1:] if previous else sorted(runs, reverse=True)
        return runs[numbers[0]] if numbers else None


def _cut(lines: list[LogLine], tail: int | None, since: datetime | None) -> list[LogLine]:
    kept = [line for line in lines if since is None or line.at >= since]
    if tail is None:
        return kept
    return kept[-tail:] if tail > 0 else []
