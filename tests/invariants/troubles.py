"""What goes wrong on the way out of the process: the next few calls of a kind, or the bot's life at one of them.

The calls are those that `tests.crash.bot` wraps. There one point is chosen for a whole run; here it goes as ordered.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.crash.points import CHANGE, Points, Way


class Troubles(Points):
    """Those of all lives of a bot."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.dying = asyncio.Event()
        """Set when the bot's life is over: whoever sees to that cancels its tasks."""
        self.unsure = 0
        """How many answers got lost: nobody can know whether a message was sent then."""
        self._kind = ""
        self._way: Way | None = None
        self._times = 0
        self._moments: int | None = None

    def order(self, kind: str, way: Way, times: int) -> None:
        """Let the next calls of a kind (store, helm, cluster, ...) go wrong so, as far as they can; no other ones."""
        self._kind, self._way, self._times = kind, way, times

    def lift(self) -> None:
        """Let nothing go wrong any more."""
        self._way, self._moments = None, None

    def die_in(self, moments: int) -> None:
        """Die after so many moments, of which a call has two: before and after it; at once for 0."""
        self._moments = moments
        if moments == 0:
            self.dying.set()

    @asynccontextmanager
    async def passing(
        self, name: str, undone: Exception, lost: Exception | None = None, ways: Sequence[Way] = CHANGE
    ) -> AsyncIterator[None]:
        """Around what is done outside."""
        way = self.comes(name, ways)
        if way is Way.UNDONE:
            raise undone
        yield
        self._live()
        if way is Way.LOST:
            self.unsure += 1
            raise lost or undone

    def comes(self, name: str, ways: Sequence[Way]) -> Way | None:
        """How what comes now goes wrong; None where it does not."""
        self._live()
        if self._way not in ways or not name.startswith(self._kind):
            return None
        self._times -= 1
        way = self._way
        if self._times <= 0:
            self._way = None
        return way

    def _live(self) -> None:
        """Go on only as long as it lives: the dead do nothing outside."""
        if self._moments is not None:
            self._moments -= 1
            if self._moments <= 0:
                self.dying.set()
        if self.dying.is_set():
            raise asyncio.CancelledError
