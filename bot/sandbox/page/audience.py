"""Who looks on at the page: what happens is put into a mailbox for each, and one that is not emptied starts anew."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from bot.sandbox.telegram import Change

_KEPT: Final = 500
"""Events that wait for one onlooker; far more than a phone's connection is ever behind."""

Event = Change | Mapping[str, Any]
"""What happened in the chats, which everybody sees in their own way; or what everybody is told as it is."""
RESET: Final[Event] = {"type": "reset"}
"""Look at everything again: something that happened is not known any more."""


class Ended(Exception):
    """Nothing more will come: the page closes."""


class Mailbox:
    """What one onlooker has still to hear."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._ended = False

    def put(self, event: Event) -> None:
        """Add an event; too many are forgotten, all of them, and the onlooker is told to start anew."""
        if len(self._waiting) >= _KEPT:
            self._waiting.clear()
            event = RESET
        self._waiting.append(event)
        self._arrived.set()

    def end(self) -> None:
        """Whoever waits for more gets Ended."""
        self._ended = True
        self._arrived.set()

    async def next(self, within: float) -> Event | None:
        """The next event; None when there is none within so many seconds. Raises: Ended."""
        try:
            async with asyncio.timeout(within):
                await self._arrived.wait()
        except TimeoutError:
            return None
        if self._ended:
            raise Ended
        event = self._waiting.popleft()
        if not self._waiting:
            self._arrived.clear()
        return event


class Audience:
    """All onlookers."""

    def __init__(self) -> None:
        self._mailboxes: set[Mailbox] = set()

    def tell(self, event: Event) -> None:
        """Let everybody know."""
        for mailbox in self._mailboxes:
            mailbox.put(event)

    def __len__(self) -> int:
        return len(self._mailboxes)

    @contextmanager
    def joined(self) -> Iterator[Mailbox]:
        """A mailbox for as long as somebody looks on."""
        mailbox = Mailbox()
        self._mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)

    def end(self) -> None:
        """Send everybody away."""
        for mailbox in self._mailboxes:
            mailbox.end()
