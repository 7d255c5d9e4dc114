"""A double tap: its second half falls on the question that its first half put there."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from bot.commands.ask import Ask
from bot.commands.services import Services
from bot.commands.tapping import asked_now, is_second_tap
from bot.permissions import Person
from tests.images.moving_clock import MovingClock


@pytest.mark.parametrize(("seconds", "is_second"), [(0.0, True), (1.9, True), (2.0, False), (60.0, False)])
def test_an_answer_within_two_seconds_is_none_and_says_why(seconds: float, is_second: bool) -> None:
    clock = MovingClock()
    ask = Ask(cast(Services, SimpleNamespace(clock=clock)), Person(1, None, "Dana"), 2, None, 3)
    asked_at = asked_now(ask)
    clock.passed += timedelta(seconds=seconds).total_seconds()
    assert is_second_tap(ask, asked_at) is is_second
    assert ask.toasts == (["Read it first, then press again"] if is_second else [])
