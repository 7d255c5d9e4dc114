"""The scripts of conversations as tests play them."""

from collections.abc import Sequence
from dataclasses import replace

from bot.sandbox.script import Expect, Numbered, parse_script
from tests.worlds import LONGEST


def conversation(script: str) -> Sequence[Numbered]:
    """Its steps, none of which gives up earlier than any test does: the script's own limits are for idle machines."""
    return [_patient(each) for each in parse_script(script)]


def _patient(each: Numbered) -> Numbered:
    if not isinstance(each.step, Expect):
        return each
    wanted = each.step.expect.model_copy(update={"within": LONGEST})
    return replace(each, step=each.step.model_copy(update={"expect": wanted}))
