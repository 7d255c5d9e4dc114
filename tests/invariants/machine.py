"""The state machine: whatever may happen does, at any time and in any order, and every promise is kept."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.invariants import promises
from tests.invariants.example import Example, open_example
from tests.invariants.happenings import ANYTHING, DEPLOYS, Happening

HASTE = st.sampled_from(["at once", "soon", "worked off"])
"""Whether the next step waits until something is seen, or until the bot has seen to all that people did."""
TRIED: Counter[str] = Counter()
"""How many examples were begun in this process, and how many steps were made."""
as_they_come = settings(
    deadline=None,
    database=None,
    # Not made smaller: an example takes half a minute, and real servers answer at another moment each time.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Promises(RuleBasedStateMachine):
    """One bot, and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._opened = AsyncExitStack()
        self._broken = False
        self.it: Example

    @initialize(first=DEPLOYS, haste=HASTE)
    def begins(self, first: Happening, haste: str) -> None:
        """A world of its own, in which somebody deploys."""
        folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory()))
        self.it = self._do(self._opened.enter_async_context(open_example(folder)))
        TRIED["examples"] += 1
        self._happens(first, haste)

    @rule(act=ANYTHING, haste=HASTE)
    def goes_on(self, act: Happening, haste: str) -> None:
        """The next act; one rule for all, since of several Hypothesis leaves most out of most examples."""
        self._happens(act, haste)

    @invariant()
    def promises_hold(self) -> None:
        """Those that hold at any moment."""
        self._judge(promises.always(self.it.evidence()))

    def teardown(self) -> None:
        """All trouble ends: what then is not as promised is broken."""
        try:
            if not self._broken:
                self._judge(self._do(self.it.settled()))
        finally:
            self._runner.run(self._opened.aclose())
            self._runner.close()

    def _happens(self, act: Happening, haste: str) -> None:
        TRIED["steps"] += 1
        self.it.known.steps.append(f"{act}, {haste}")
        self._do(act.happen(self.it))
        if haste == "soon":
            self._do(self.it.known.news(1.0))
        if haste == "worked off":
            self._do(self.it.worked_off())

    def _do(self, doing: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self._runner.run(doing)
        except BaseException:
            self._broken = True
            raise

    def _judge(self, broken: list[str]) -> None:
        if broken:
            self._broken = True
            raise AssertionError("\n".join([*broken, self.it.told()]))
