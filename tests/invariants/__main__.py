"""Try ever new examples for ten minutes, or until one fails: `python -m tests.invariants [SECONDS [SEED]]`."""

import sys
import time
import traceback

from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.invariants.machine import TRIED, Promises, as_they_come

SECONDS = 600.0
EXAMPLES = 5
"""In a round, which has a seed."""
STEPS = 25
"""In an example, at most."""


def main() -> int:
    """Rounds until the time is over; 1 where one failed."""
    given = dict(enumerate(map(float, sys.argv[1:])))
    until = time.monotonic() + given.get(0, SECONDS)
    number = int(given.get(1, time.time()))
    how = settings(as_they_come, max_examples=EXAMPLES, stateful_step_count=STEPS)
    while time.monotonic() < until:
        try:
            run_state_machine_as_test(seed(number)(Promises), settings=how)
        except Exception:
            traceback.print_exc()
            sys.stderr.write(f"Seed {number} found something, after {_tried()}\n")
            return 1
        number += 1
    sys.stdout.write(f"{_tried()}: nothing found\n")
    return 0


def _tried() -> str:
    return f"{TRIED['examples']} examples with {TRIED['steps']} steps"


if __name__ == "__main__":
    raise SystemExit(main())
