"""Delivery of updates to a webhook, with its secret token, in order per chat or person, with retries.

As the official server's WebhookActor: 2xx is done, anything else is tried again at once and then after 2, 4, 8
… seconds up to a minute, or after the Retry-After it was told; 410 for 23 hours removes the webhook.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

import aiohttp

from bot.sandbox.telegram.parameters import Parameters, read_answer
from bot.sandbox.telegram.state import State, Webhook
from bot.sandbox.telegram.updates import Update

Execute = Callable[[str, Parameters], Awaitable[object]]
"""Runs the method that a webhook's answer names."""
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10)
_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 3600.0
_GONE_FOR = 23 * 3600.0
_UNCALLABLE = ("setwebhook", "deletewebhook", "close", "logout")


class Deliveries:
    """Sends what is queued while a webhook is set. `run` is one task, cancelled by its owner."""

    def __init__(self, state: State, execute: Execute) -> None:
        self._state = state
        self._execute = execute
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._free = asyncio.Event()
        self._gone_since: float | None = None

    async def run(self) -> None:
        """Deliver until cancelled."""
        polls, updates = self._state.polls, self._state.updates
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            try:
                while True:
                    polls.webhook_changed.clear()
                    self._free.clear()
                    if self._state.webhook is None:
                        await polls.webhook_changed.wait()
                        continue
                    self._start(session, self._state.webhook)
                    updates.arrived.clear()
                    await _first(updates.arrived, polls.webhook_changed, self._free)
            finally:
                await self._stop()

    def _start(self, session: aiohttp.ClientSession, webhook: Webhook) -> None:
        """Begin a delivery for each chat or person that has none under way."""
        for update in self._state.updates.pending():
            if len(self._busy) >= webhook.max_connections:
                return
            if update.key not in self._busy:
                task = asyncio.create_task(self._deliver(session, webhook, update))
                self._busy[update.key] = task
                task.add_done_callback(partial(self._finished, update.key))

    def _finished(self, key: int, _: asyncio.Task[None]) -> None:
        self._busy.pop(key, None)
        self._free.set()

    async def _stop(self) -> None:
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, session: aiohttp.ClientSession, webhook: Webhook, update: Update) -> None:
        clock, failures = self._state.clock, 0
        while self._state.webhook is webhook:
            wait = await self._attempt(session, webhook, update)
            if wait is None:
                self._state.updates.forget(update.id)
                return
            failures += 1
            # The first retry comes at once.
            pause = wait or (0.0 if failures == 1 else min(2.0 ** (failures - 1), _LONGEST_WAIT))
            if clock.monotonic() + pause >= update.expires_at:
                self._state.updates.forget(update.id)
                return
            await clock.sleep(pause)

    async def _attempt(
        self, session: aiohttp.ClientSession, webhook: Webhook, update: Update
    ) -> float | None:
        """Send once: None when done, else the seconds asked for by Retry-After (0 for none)."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret} if webhook.secret else {}
        try:
            async with session.post(webhook.url, json=update.to_json(), headers=headers) as answer:
                if 200 <= answer.status < 300:
                    self._gone_since = None
                    await self._obey(answer)
                    return None
                self._failed(webhook, f"Wrong response from the webhook: {answer.status} {answer.reason}")
                self._note_gone(webhook, gone=answer.status == 410)
                return _seconds(answer.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._failed(webhook, str(error) or type(error).__name__)
            return 0.0

    def _failed(self, webhook: Webhook, why: str) -> None:
        webhook.last_error = (int(self._state.clock.now().timestamp()), why)

    def _note_gone(self, webhook: Webhook, *, gone: bool) -> None:
        now = self._state.clock.monotonic()
        self._gone_since = (self._gone_since or now) if gone else None
        if self._gone_since is not None and now - self._gone_since >= _GONE_FOR:
            self._state.webhook = None
            self._state.polls.webhook_changed.set()

    async def _obey(self, answer: aiohttp.ClientResponse) -> None:
        """Run the method that the answer names, if any; nobody hears how it went."""
        try:
            parameters = await read_answer(answer)
        except ValueError:  # no multipart body, whatever its header says
            return
        name = parameters.text("method").lower()
        if name and not name.startswith("get") and name not in _UNCALLABLE:
            await self._execute(name, parameters)


def _seconds(retry_after: str) -> float:
    with contextlib.suppress(ValueError):
        return min(max(0.0, float(retry_after)), _LONGEST_RETRY_AFTER)
    return 0.0


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(each.wait()) for each in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
