"""Hearing what is sent to a bot without taking it: every update stays with Telegram for the bot that will run.

Telegram forgets what a later call's offset has passed, and shows no more than 100 updates before that. So none is
passed, unless so many wait that nothing newer could be heard; and then only those that no bot of ours acts on.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import structlog
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.clock import Clock
from bot.telegram.incoming import WANTED
from bot.telegram.polling import BATCH, fetch
from bot.telegram.transport import TokenRefused, seconds

log = structlog.get_logger(__name__)

HEARD = (*WANTED, "channel_post")
"""The kinds that tell an id. A bot that starts later asks for its own, and loses none by this."""
POLL = 10
"""Seconds that Telegram holds a call open while there is nothing."""
PAUSE = 1.5
"""Seconds between calls while updates wait: they come back at each call, and at once."""
KEPT = 23 * 3600
"""Seconds for which an update that nobody takes is surely kept; Telegram's word is a day."""

Update = dict[str, Any]


class AlreadyRead(Exception):
    """Somebody else gets this bot's updates."""


class WebhookSet(AlreadyRead):
    """Telegram brings the updates to an address."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"Telegram brings this bot's updates to {url}, where a bot seems to run.\n"
            "There /newcomers and /whois tell ids. If nothing runs there any more, take the webhook away: a "
            "`pilothouse run` without telegram.webhook does at its start, and so does the Bot API's deleteWebhook"
        )


class OtherReader(AlreadyRead):
    """Another process polls with the same token."""

    def __init__(self) -> None:
        super().__init__(
            "Another process reads this bot's updates, and only one may.\n"
            "If it is the bot, its /newcomers and /whois tell ids; else stop it first, or make a new token"
        )


async def overheard(
    bot: Bot, clock: Clock, wanted: Callable[[Update], bool], blocked: Callable[[], None]
) -> AsyncGenerator[Update, None]:
    """Every update once, as it comes, for as long as it is asked.

    `wanted` says which ones a bot would act on; `blocked` is called when so many of them wait that no newer ones are
    shown.
    Raises: OtherReader, TokenRefused.
    """
    seen: dict[int, Update] = {}
    offset: int | None = None
    while True:
        try:
            window = await fetch(bot, offset, POLL, HEARD)
        except Conflict:
            raise OtherReader from None
        except InvalidToken:
            raise TokenRefused from None
        except TelegramError as error:
            wait = seconds(error) if isinstance(error, RetryAfter) else PAUSE * 2
            log.warning("Telegram does not answer", error=str(error), again_in=wait)
            await clock.sleep(wait)
            continue
        if _taken(seen, window, clock):
            raise OtherReader
        for update in window:
            if update["update_id"] not in seen:
                yield update
        seen = {update["update_id"]: update for update in window}
        if len(window) >= BATCH:
            offset = _after_unwanted(window, wanted)
            if offset is None:
                blocked()
            seen = {number: update for number, update in seen.items() if offset is None or number >= offset}
        await clock.sleep(PAUSE if window else 0)


def _taken(seen: dict[int, Update], window: Sequence[Update], clock: Clock) -> bool:
    """Whether somebody else took what we left: it was there, is too young to be forgotten, and is gone."""
    there = {update["update_id"] for update in window}
    now = clock.now().timestamp()
    return any(
        number not in there and now - _date(update) < KEPT for number, update in seen.items() if _date(update)
    )


def _date(update: Update) -> float:
    """When it was sent, in seconds of Unix time; 0 for what Telegram keeps for a shorter time, such as presses."""
    content: Any = next((update[kind] for kind in HEARD if kind in update), None)
    date = content.get("date") if isinstance(content, dict) else None
    return float(date) if isinstance(date, int) and abs(date) < 1 << 63 else 0.0


def _after_unwanted(window: Sequence[Update], wanted: Callable[[Update], bool]) -> int | None:
    """The offset behind those that lead and that no bot acts on; None when the first one is wanted."""
    offset: int | None = None
    for update in window:
        if wanted(update):
            break
        offset = int(update["update_id"]) + 1
    return offset
