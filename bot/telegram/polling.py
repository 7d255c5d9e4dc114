"""Fetching updates by long polling, or telling Telegram to bring them to our webhook.

An update is stored before the offset moves past it; Telegram's own offset is the only one kept.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any, Self
from urllib.parse import urlencode

import structlog
from telegram import Bot
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from bot.clock import Clock
from bot.telegram.inbox import Inbox
from bot.telegram.incoming import WANTED, numbered
from bot.telegram.transport import seconds

log = structlog.get_logger(__name__)

POLL = 30
"""Seconds that Telegram holds a poll open when there is nothing."""
BATCH = 100
"""Updates that Telegram hands out at once at most."""
FIRST_WORD = 0.005
"""Seconds that answers are given to leave before more is asked for: asking takes a part of the time they take."""
BACKOFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class WebhookRefused(Exception):
    """Telegram does not bring updates to the address that the configuration names."""

    def __init__(self, url: str, words: str) -> None:
        super().__init__(
            f"Telegram does not bring updates to {url}: {words}. Telegram takes public https:// addresses at the "
            "ports 443, 80, 88 and 8443; mend telegram.webhook.url, or leave telegram.webhook out to poll instead"
        )


class Poller:
    """Polls for as long as it is open; `trouble` says in words why it can't, None when it can."""

    def __init__(
        self,
        bot: Bot,
        inbox: Inbox,
        clock: Clock,
        *,
        poll: int = POLL,
        may_take: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_take` says whether updates are ours: while they are not, they are left with Telegram."""
        self.trouble: str | None = None
        self._bot = bot
        self._inbox = inbox
        self._clock = clock
        self._poll = poll
        self._may_take = may_take
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="polling")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        offset: int | None = None
        webhook_removed = False
        while True:
            try:
                if not webhook_removed:  # a webhook of an earlier configuration would keep updates from us
                    await self._bot.delete_webhook()
                    webhook_removed = True
                await self._inbox.room()
                updates = await fetch(self._bot, offset, self._poll) if self._may_take() else []
                if not self._may_take():
                    self.trouble = "Another process may have taken over"
                    await self._clock.sleep(1.0)
                    continue
                await self._inbox.accept(updates)
                self._failures, self.trouble = 0, None
                if updates:
                    offset = max(int(update["update_id"]) for update in updates) + 1
                    await self._clock.sleep(FIRST_WORD)
            except Exception as error:
                await self._clock.sleep(self._wait(error))

    def _wait(self, error: Exception) -> float:
        wait = BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._failures += 1
        match error:
            case RetryAfter():
                wait = seconds(error)
                self.trouble = f"Telegram asks to wait {wait:.0f} s"
            case Conflict():
                self.trouble = (
                    "Another program is reading this bot's updates: only one may. "
                    "Stop the other instance, or give each its own token"
                )
            case InvalidToken():
                self.trouble = "Telegram refuses the bot's token: check telegram.token"
            case TelegramError():
                self.trouble = f"Telegram does not answer: {error}"
            case _:
                self.trouble = f"Updates can't be stored: {type(error).__name__}"
                log.exception("updates can't be stored")
        log.warning("no updates for now", reason=self.trouble, again_in=wait)
        return wait


async def fetch(
    bot: Bot, offset: int | None, poll: int, kinds: Sequence[str] = WANTED
) -> list[dict[str, Any]]:
    """Updates as Telegram has them, up to `BATCH`; it waits `poll` seconds for the first, and forgets those before
    `offset`.
    """
    asked: dict[str, Any] = {"timeout": poll, "limit": BATCH, "allowed_updates": json.dumps(kinds)}
    if offset is not None:
        asked["offset"] = offset
    # The plain answer is what is stored, so python-telegram-bot's objects would only cost time here.
    found = await bot.request.post(f"{bot.base_url}/getUpdates?{urlencode(asked)}", read_timeout=poll + 10)
    return [update for update in found if numbered(update)] if isinstance(found, list) else []


async def bring_to(bot: Bot, url: str, secret: str, clock: Clock) -> None:
    """Tell Telegram to bring updates to `url`, with `secret` in the header that the web server checks.

    It is asked for as long as it takes to get an answer.

    Raises: WebhookRefused.
    """
    for wait in itertools.chain(BACKOFF, itertools.repeat(BACKOFF[-1])):
        try:
            await bot.set_webhook(url, secret_token=secret, allowed_updates=WANTED, max_connections=40)
            return
        except RetryAfter as error:
            await clock.sleep(seconds(error))
        except (BadRequest, InvalidToken) as error:  # a BadRequest is a NetworkError to python-telegram-bot
            raise WebhookRefused(url, str(error)) from error
        except TelegramError as error:
            log.warning("the webhook is not set yet", error=str(error), again_in=wait)
            await clock.sleep(wait)
