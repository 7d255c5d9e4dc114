"""A Telegram that refuses each call at first, and one that brings updates again and in any order."""

from collections import Counter
from collections.abc import Callable

from bot.sandbox.telegram.errors import Refusal
from bot.sandbox.telegram.faults import Faults
from bot.sandbox.telegram.state import State
from bot.sandbox.telegram.updates import Update, Updates


class EachCallAtFirst(Faults):
    """Of each method every second call is let through, so that whatever the bot gets done was refused before."""

    def __init__(self, state: State, refuse: Callable[["EachCallAtFirst"], None]) -> None:
        super().__init__(state.clock, state.faults.on_down)
        self._refuse = refuse
        self._calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        state.faults = self

    def check(self, method: str) -> None:
        super().check(method)
        self._calls[method] += 1
        if self._calls[method] % 2:
            self.refused[method] += 1
            self._refuse(self)


class NothingNew(Faults):
    """No new message is taken until it is `over`."""

    def __init__(self, state: State) -> None:
        super().__init__(state.clock, state.faults.on_down)
        self.over = False
        state.faults = self

    def check(self, method: str) -> None:
        super().check(method)
        if method == "sendMessage" and not self.over:
            too_many(self)


def too_many(_: Faults) -> None:
    """429, with how long to wait."""
    raise Refusal(429, "Too Many Requests: retry after 1", retry_after=1)


def bad_gateway(_: Faults) -> None:
    """A front of Telegram's has nobody behind it."""
    raise Refusal(502, "Bad Gateway")


def reset(faults: Faults) -> None:
    """Connections break off without an answer, those that wait for updates with them."""
    for drop in faults.on_down:
        drop()
    raise Refusal(500, "nobody hears this")


class AgainAndBackwards(Updates):
    """Each batch has all the updates there ever were, the newest first."""

    def __init__(self, state: State) -> None:
        super().__init__(state.clock)
        self._given: list[Update] = []
        self.held = True
        state.updates = self

    def fetch(self, offset: int, limit: int) -> list[Update]:
        found = [] if self.held else super().fetch(offset, limit)
        self._given += found
        return self._given[::-1] if found else []
