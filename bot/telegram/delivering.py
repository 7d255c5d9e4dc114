"""What becomes of a call to Telegram: every refusal is either mended, waited out, or final.

The rules are those of the Bot API's own error texts; a text that is not known here is met with a plainer form
of the message, and only then counted as final.
"""

import itertools
from dataclasses import replace
from enum import Enum

import structlog
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.clock import Clock
from bot.telegram.chats import Moves
from bot.telegram.messages import ChatTarget, Sent, Urgency
from bot.telegram.pacing import Limits, Pace
from bot.telegram.queue import Job
from bot.telegram.sending import Call, make, milder
from bot.telegram.transport import seconds

log = structlog.get_logger(__name__)

_CHAT_IS_CLOSED = (
    "chat not found",
    "not enough rights",
    "no write access",
    "chat_write_forbidden",
    "administrator rights",
    "user not found",
    "peer_id_invalid",
)
_MESSAGE_IS_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_TOPIC_IS_GONE = ("message thread not found", "topic_closed", "topic_deleted")

PRESS = 15.0
"""Seconds for which a press is tried to be answered: what the person writes next waits as long."""


class Outcome(Enum):
    """What the outbox does with a job after a call."""

    FINISHED = "finished"
    AGAIN = "again"
    """It has calls left, or the same call is to be made again when its chat may be written to."""


class Delivery:
    """Makes the calls of jobs."""

    def __init__(self, bot: Bot, moves: Moves) -> None:
        self._bot = bot
        self._moves = moves

    async def step(self, job: Job, pace: Pace, limits: Limits, clock: Clock) -> Outcome:
        """Make the job's next call; on FINISHED, `job.sent` says where it ended up (None: `job.error` why)."""
        if not job.calls:
            return Outcome.FINISHED
        call = job.calls[0]
        job.attempts += 1
        try:
            message_id = await make(self._bot, job.to.chat_id, job.to.topic, call)
        except RetryAfter as error:
            pace.refused(clock.monotonic(), seconds(error))
            log.info("Telegram asks to wait", chat=job.to.chat_id, seconds=seconds(error))
            return Outcome.AGAIN
        except ChatMigrated as error:
            await self._moves.remember(job.to.chat_id, error.new_chat_id)
            job.to = ChatTarget(error.new_chat_id, job.to.topic)
            return Outcome.AGAIN
        except BadRequest as error:
            return self._refused(job, call, error)
        except Forbidden as error:
            return _failed(job, error)
        except TelegramError as error:
            if isinstance(error, NetworkError) and "too large" in str(error).lower():
                return _failed(job, error)
            # The line is down, or the token is being changed: neither is the message's fault.
            wait = limits.retries[min(job.attempts, len(limits.retries)) - 1]
            pace.blocked_until = max(pace.blocked_until, clock.monotonic() + wait)
            log.warning("Telegram does not answer", error=str(error), again_in=wait)
            return Outcome.AGAIN
        pace.accepted(clock.monotonic())
        return _made(job, call, message_id)

    def _refused(self, job: Job, call: Call, error: BadRequest) -> Outcome:
        words = str(error).lower()
        assert call.method not in ("delete", "strip") or call.message_id is not None
        if "not modified" in words:
            return _made(job, call, call.message_id or 0)
        if call.method in ("delete", "strip"):
            return _failed(job, error)
        if any(known in words for known in _MESSAGE_IS_GONE):
            if job.urgency > Urgency.RESULT:
                return _failed(job, error)
            job.calls[0] = replace(call, method="send", message_id=None)
            return Outcome.AGAIN
        if any(known in words for known in _TOPIC_IS_GONE) and job.to.topic and job.urgency <= Urgency.RESULT:
            job.to = replace(job.to, topic=None)
            return Outcome.AGAIN
        if any(known in words for known in _CHAT_IS_CLOSED):
            return _failed(job, error)
        milder_call = milder(call, error)
        if milder_call is None:
            return _failed(job, error)
        log.warning("Telegram refused a message's form: a plainer one is sent", error=str(error))
        job.calls[0] = milder_call
        return Outcome.AGAIN


async def answer_press(
    bot: Bot, query_id: str, shown: str | None, alert: bool, limits: Limits, clock: Clock
) -> None:
    """Answer a press, or try for as long as somebody looks at the button; what is too late is no error."""
    give_up = clock.monotonic() + PRESS
    for usual in itertools.chain(limits.retries, itertools.repeat(limits.retries[-1])):
        try:
            await bot.answer_callback_query(query_id, shown, show_alert=alert)
            return
        except TelegramError as error:
            wait = seconds(error) if isinstance(error, RetryAfter) else usual
            is_final = isinstance(
                error, BadRequest | Forbidden
            )  # a BadRequest is a NetworkError to the library
            if is_final or clock.monotonic() + wait > give_up:
                log.info("a press was not answered", error=str(error))
                return
            await clock.sleep(wait)


def _made(job: Job, call: Call, message_id: int) -> Outcome:
    job.calls.popleft()
    if call.main or job.sent is None:
        job.sent = Sent(job.to.chat_id, message_id, job.to.topic)
    return Outcome.AGAIN if job.calls else Outcome.FINISHED


def _failed(job: Job, error: TelegramError) -> Outcome:
    log.warning("Telegram refused a message for good", chat=job.to.chat_id, error=str(error))
    job.error = str(error)
    job.calls.clear()
    return Outcome.FINISHED
