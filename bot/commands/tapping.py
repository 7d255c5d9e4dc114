"""Double taps: what the first tap put under the finger is not meant by the second."""

from datetime import datetime, timedelta

from bot.commands.ask import Ask

SECOND_TAP = timedelta(seconds=2)
"""How soon after a question its answer, or after a start its cancel, is taken for the second tap of a double tap."""


def asked_now(ask: Ask) -> str:
    """When a question is asked, for the button that answers it."""
    return ask.services.clock.now().isoformat()


def is_second_tap(ask: Ask, asked_at: str) -> bool:
    """Whether a press comes too soon to be an answer; says so."""
    if ask.services.clock.now() - datetime.fromisoformat(asked_at) >= SECOND_TAP:
        return False
    ask.toast("Read it first, then press again")
    return True
