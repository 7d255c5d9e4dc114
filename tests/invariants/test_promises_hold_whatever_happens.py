"""Every promise of the design, whatever people, others, clocks and crashes do, in whatever order."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.invariants.machine import Promises, as_they_come

FEW = settings(as_they_come, max_examples=6, stateful_step_count=12, derandomize=True)
"""The same each time; `make invariants` tries others."""


@pytest.mark.long(60)
@pytest.mark.timeout(1800)
def test_every_promise_is_kept_in_a_few_examples() -> None:
    run_state_machine_as_test(Promises, settings=FEW)
