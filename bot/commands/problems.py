"""Whatever a handler raises, as an answer: what is wrong, where, how to mend it."""

import structlog
from prometheus_client import Counter

from bot.cluster.errors import ClusterError, OutcomeUnknown
from bot.commands.ask import Ask, Refused
from bot.commands.choices import Choice, run
from bot.commands.holding import show_held
from bot.commands.stuck import explain
from bot.helm.errors import ChartInvalid, HelmError
from bot.images.errors import ImagesError, RefMissing, TagMissing
from bot.operations.errors import Busy, Held, Spent, Suspended
from bot.planning.errors import PlanRefused, ReleaseStuck
from bot.store.errors import StoreError

REFUSED = Counter("pilothouse_refusals", "Commands and presses refused for a missing right.")

GIVEN_UP = "This was begun several times and not finished"

log = structlog.get_logger(__name__)


async def answer(ask: Ask, error: Exception, *, instead: list[Choice] | None = None) -> None:
    """Say what went wrong, in the chat and where it matters in the audit trail.

    Nothing that is raised while planning or reading has changed anything, and an error that may have says so. What
    was pressed stays where it may be of use yet, unless it is over: then the answer is put in its place, with the
    buttons `instead`.
    """
    match error:
        case Refused():
            await _refuse(ask, error)
        case ReleaseStuck():
            await explain(ask, error)
        case PlanRefused():
            await _problem(ask, error.words, where=error.where, advice=error.advice, quote=error.quote)
        case TagMissing() if error.nearest:
            await _problem(ask, str(error), choices=_corrected(ask, error.tag, error.nearest))
        case RefMissing() if error.nearest:
            await _problem(ask, str(error), choices=_corrected(ask, error.ref, error.nearest))
        case ChartInvalid():
            where = f"{error.file}, line {error.line}" if error.line else error.file or ""
            await _problem(ask, "The chart can't be rendered", where=where, quote=error.words)
        case HelmError() | ClusterError():
            unchanged = not isinstance(error, OutcomeUnknown)
            await _problem(ask, error.words, choices=instead, unchanged=unchanged, stays=instead is None)
        case Suspended():  # while this was being made
            await _refuse(ask, Refused(ask.admission))
        case Held():
            await show_held(ask, error)
        case Spent():
            ask.toast(str(error))
        case ImagesError() | Busy() | StoreError():
            await _problem(ask, str(error))
        case _:
            log.exception("a handler failed", exc_info=error)
            await _problem(
                ask,
                "Something unexpected went wrong",
                advice="The bot's log has it",
                choices=instead,
                unchanged=False,
                stays=instead is None,
            )


def _corrected(ask: Ask, wrong: str, right: str) -> list[Choice]:
    """The command with the word that was meant, as a button."""
    corrected = ask.text.replace(wrong, right) if wrong in ask.text else ""
    return [run(corrected[:60], corrected)] if corrected else []


def in_words(error: Exception) -> str:
    """What went wrong, in one sentence that is part of another message; what nobody expected is left to the log."""
    match error:
        case PlanRefused() | HelmError() | ClusterError():
            return error.words
        case ImagesError() | Busy() | Held() | StoreError():
            return str(error)
        case _:
            log.exception("a handler failed", exc_info=error)
            return "Something unexpected went wrong, the bot's log has it"


async def tell_given_up(ask: Ask) -> None:
    """Say of a command that it was begun again and again and never came to an end: part of it may be done."""
    await _problem(ask, GIVEN_UP, advice="See /operations, then ask again", unchanged=False)


async def record_refusal(ask: Ask, error: Refused) -> None:
    """Write into the audit trail what somebody wanted, where, and why they may not."""
    detail = " · ".join(filter(None, ("" if error.app else error.what, *error.decision.reason.splitlines())))
    await ask.record("refused", "refused", app=error.app, environment=error.environment, detail=detail)


async def _refuse(ask: Ask, error: Refused) -> None:
    decision = error.decision
    REFUSED.inc()
    await record_refusal(ask, error)
    if ask.pressed:
        ask.toast(decision.reason.replace("\n", " · ")[:190])
        return
    await ask.show("refused", what=error.what, lines=decision.reason.splitlines())


async def _problem(
    ask: Ask,
    words: str,
    *,
    where: str = "",
    advice: str = "",
    quote: str = "",
    choices: list[Choice] | None = None,
    unchanged: bool = True,
    stays: bool = False,
) -> None:
    """`stays` leaves what was pressed as it is: a plan that a cluster's silence keeps up may be confirmed yet, and
    what a full disk kept from being published is still a draft."""
    mask = ask.services.masker().mask_text
    show = ask.say if stays else ask.show
    await show(
        "problem",
        choices or [],
        words=mask(words),
        where=mask(where),
        advice=mask(advice),
        quote=mask(quote),
        unchanged=unchanged,
    )
